import {
  readTrailLines,
  type TrailLine,
  type TrailReport,
  verifierOf,
  verifyTrail,
} from '@ai-switch/event-log';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { command, sessionOf } from '../command-line.ts';
import { count, onOneLine } from '../output.ts';
import { readTextFile } from '../read-file.ts';
import { sourceOf } from './read-source.ts';
import { rootsIn, trailLinesIn } from './trail-file.ts';

const KEY_BYTES_MAX = 64 * 1024;
const FAULTS_SHOWN = 50;

interface VerifyOptions {
  readonly file?: string;
  readonly publicKey?: string;
  readonly roots?: string;
}

export function verifyCommand(): Command {
  return command('verify', 'prove that no record of the trail was changed, moved, taken out or put in', [
    'npm run cli -- audit verify',
    'npm run cli -- audit verify --public-key audit.pub --roots /mnt/elsewhere/audit-roots',
    'npm run cli -- audit verify --file trail.ndjson --public-key audit.pub',
  ])
    .option('--file <file>', 'an export, in place of what the gateway keeps')
    .option('--public-key <file>', 'of who signs, in PEM; believed more than what comes with the trail')
    .option('--roots <folder>', 'roots that were kept elsewhere: the trail has to have all of them')
    .action(async ({ file, publicKey, roots }: VerifyOptions, self: Command) => {
      const session = sessionOf(self);
      const lines =
        file === undefined ? readTrailLines(sourceOf(session.client), Date.now()) : trailLinesIn(file);
      const { first, rest } = await firstOf(lines);
      const key = publicKey === undefined ? first.publicKey : await readTextFile(publicKey, KEY_BYTES_MAX);
      const anchors = roots === undefined ? [] : await rootsIn(roots);
      const report = await verifyTrail(rest, { verifier: key === '' ? undefined : verifier(key), anchors });
      const isOwnKey = publicKey === undefined;
      session.print({ ...report, isSigned: key !== '', isOwnKey }, textOf(report, key !== '', isOwnKey));
      if (report.faultCount > 0) process.exitCode = 1;
    });
}

/** The line that says what the trail is, with all of them. */
async function firstOf(lines: AsyncIterable<TrailLine>) {
  const iterator = lines[Symbol.asyncIterator]();
  const { value } = await iterator.next();
  if (value?.kind !== 'trail') throw new CliError('what was read is no trail');
  const rest: AsyncIterable<TrailLine> = { [Symbol.asyncIterator]: () => iterator };
  return { first: value, rest };
}

function verifier(publicKey: string) {
  try {
    return verifierOf(publicKey);
  } catch (error) {
    throw new CliError(`the public key cannot be used: ${(error as Error).message}`);
  }
}

function textOf(report: TrailReport, isSigned: boolean, isOwnKey: boolean): string {
  const { faults, faultCount, logs, records, roots, missing, unproven } = report;
  const lines = faults.slice(0, FAULTS_SHOWN).map(({ producer, epoch, sequence, what }) => {
    const log = producer === '' ? 'the trail' : `${producer}, epoch ${epoch}`;
    const place = sequence === 0 ? log : `${log}, record ${sequence}`;
    return onOneLine(`FAULT in ${place}: ${what}`);
  });
  if (faultCount > FAULTS_SHOWN) lines.push(`and ${count(faultCount - FAULTS_SHOWN)} more`);
  lines.push(
    `${count(records)} records of ${count(logs)} logs under ${count(roots)} roots: ${faultCount === 0 ? 'no faults' : `${count(faultCount)} faults`}`,
  );
  if (missing > 0)
    lines.push(`${count(missing)} records have never come; \`audit completeness\` shows which`);
  if (unproven > 0) lines.push(`${count(unproven)} records stand behind a gap, and no root names them yet`);
  if (!isSigned)
    lines.push('nobody signs this trail: whoever can write to the database can write another one');
  else if (isOwnKey)
    lines.push('the public key came with the trail: give the one that you kept elsewhere with --public-key');
  return lines.join('\n');
}
