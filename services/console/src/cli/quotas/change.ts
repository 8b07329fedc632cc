import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Row } from '../client.ts';
import { command, type Session, sessionOf } from '../command-line.ts';
import {
  type LimitOptions,
  type LimitsGiven,
  limitsIn,
  limitsText,
  type Period,
  periodOption,
  withLimits,
} from './limits.ts';
import { bucketOf, grantIdOf, scopeOf } from './targets.ts';
import { utcOption, type Zone, type ZoneOptions, zoneOf } from './times.ts';

interface SetOptions extends LimitOptions, ZoneOptions {
  readonly period?: Period;
  readonly until?: string;
  readonly note?: string;
}

export function setCommand(): Command {
  const set = command('set', 'set limits; what is left out stays as it is', [
    'npm run cli -- quotas set alice --output 1000000 --period month',
    'npm run cli -- quotas set project:web --input 50000000 --cost 250 --period quarter',
    'npm run cli -- quotas set company --cost 5000',
    'npm run cli -- quotas set model:gpt-5 --output 2000000 --period day',
    'npm run cli -- quotas set grant:summer --output 80000 --until 2027-01-31',
  ]).argument('<whose>', 'user, project:<id>, department:<id>, company, model:<name> or grant:<id>');
  return withLimits(set, 'unlimited')
    .addOption(periodOption())
    .option('--until <when>', 'the last day of a grant, or `never`')
    .option('--note <text>', 'a label')
    .addOption(utcOption())
    .action(async (target: string, options: SetOptions, self: Command) => {
      const session = sessionOf(self);
      const limits = limitsIn(options);
      checkSomethingIsSet(limits, options);
      const put = await putTerms(session, target, limits, options);
      session.print(put, `set ${termsText({ ...put, bucket: bucketOf(target) }, zoneOf(options))}`);
    });
}

export function closeCommand(): Command {
  return command('close', 'end a bucket or a grant: nothing more is admitted on it', [
    'npm run cli -- quotas close project:web',
    'npm run cli -- quotas close grant:summer',
  ])
    .argument('<bucket>', 'as `quotas list` shows it')
    .action(async (target: string, _options: object, self: Command) => {
      const session = sessionOf(self);
      const bucket = bucketOf(target);
      const closed = await session.client.call('DELETE', '/buckets/{bucket}', { path: { bucket } });
      session.print(closed, `closed ${closed.bucket}; what it holds is still settled there`);
    });
}

interface GrantOptions extends LimitOptions, ZoneOptions {
  readonly until: string;
  readonly from?: string;
  readonly note?: string;
  readonly id?: string;
}

export function grantCommand(): Command {
  const grant = command('grant', 'give quota on top, for a time', [
    'npm run cli -- quotas grant alice --output 50000 --until 2026-12-31 --note "release week"',
    'npm run cli -- quotas grant project:web --cost 100 --from 2026-12-01 --until 30d --id december',
  ]).argument('<whom>', 'user, project:<id>, department:<id> or company');
  return withLimits(grant)
    .requiredOption('--until <when>', 'the last day (2026-12-31), a time, a span like 30d, or `never`')
    .option('--from <when>', 'the first day, or a time; default: now')
    .option('--note <text>', 'a label')
    .option('--id <id>', 'to know it by; a repeated command with the same id gives nothing twice')
    .addOption(utcOption())
    .action(async (target: string, options: GrantOptions, self: Command) => {
      const session = sessionOf(self);
      const zone = zoneOf(options);
      const limits = limitsIn(options);
      checkSomethingIsSet(limits, {});
      const { from, until, id, note } = options;
      const made = await session.client.call('POST', '/grants', {
        body: {
          scope: scopeOf(target),
          limits,
          validUntil: untilIn(until, zone),
          ...(from !== undefined && { validFrom: zone.read(from, '--from', 'first') }),
          ...(note !== undefined && { note }),
          ...(id !== undefined && { id }),
        },
      });
      session.print(made, `granted ${termsText({ ...made, scope: scopeOf(target) }, zone)}`);
    });
}

function checkSomethingIsSet(limits: LimitsGiven, others: Partial<SetOptions>): void {
  const { period, until, note } = others;
  const isNothing = Object.keys(limits).length === 0 && (period ?? until ?? note) === undefined;
  if (!isNothing) return;
  throw new CliError('give at least one of --input, --output, --cache-read, --cache-write and --cost', 2);
}

async function putTerms(
  { client }: Session,
  target: string,
  limits: LimitsGiven,
  options: SetOptions,
): Promise<Row> {
  const { period, until, note } = options;
  const grantId = grantIdOf(target);
  if (grantId !== undefined) {
    if (period !== undefined) throw new CliError('a grant has no --period: it lasts --until', 2);
    return client.call('PATCH', '/grants/{grant}', {
      path: { grant: grantId },
      body: {
        limits,
        ...(note !== undefined && { note }),
        ...(until !== undefined && { validUntil: untilIn(until, zoneOf(options)) }),
      },
    });
  }
  if (until !== undefined) throw new CliError('only a grant has --until', 2);
  const terms = {
    limits,
    ...(period !== undefined && { period }),
    ...(note !== undefined && { note }),
  };
  const bucket = bucketOf(target);
  const inScope = await client.list('/buckets', { query: { scope: scopeOf(target) } });
  const isThere = inScope.some(({ tier }) => tier !== 'supplementary');
  const input = { path: { bucket }, body: terms };
  return isThere
    ? client.call('PATCH', '/buckets/{bucket}', input)
    : client.call('PUT', '/buckets/{bucket}', input);
}

function untilIn(text: string, zone: Zone): string | null {
  return text === 'never' ? null : zone.read(text, '--until', 'after');
}

/** `personal:alice: output 1,000,000 a month`, as its bucket or scope was typed. */
function termsText({ bucket, tier, scope, limits, period, validFrom, validUntil }: Row, zone: Zone): string {
  if (tier !== 'supplementary') return `${bucket}: ${limitsText(limits, 'unlimited')} a ${period}`;
  const from = validFrom === undefined ? '' : ` from ${zone.show(validFrom)}`;
  const until = validUntil === undefined ? ', without an end' : ` until ${zone.show(validUntil)}`;
  return `${bucket} to ${scope}: ${limitsText(limits, 'nothing')}${from}${until}`;
}
