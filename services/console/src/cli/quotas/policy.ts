import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import type { InputOf, Row } from '../client.ts';
import { command, sessionOf } from '../command-line.ts';
import { count } from '../output.ts';

/** How the words of the command line are the admin API's. */
const HOLD_RULES = {
  'worst-case': 'worstCase',
  statistical: 'statistical',
} as const;
const EXPIRY_CHARGES = {
  'prompt-estimate': 'promptEstimate',
  zero: 'zero',
  'full-hold': 'fullHold',
} as const;

interface PolicyOptions {
  readonly timeZone?: string;
  readonly fiscalYearStartsIn?: string;
  readonly hold?: keyof typeof HOLD_RULES;
  readonly whenDry?: 'cut' | 'run';
  readonly expired?: keyof typeof EXPIRY_CHARGES;
  readonly outputDefault?: string;
  readonly outputMax?: string;
}

export function policyCommand(): Command {
  return command('policy', "show or set the company's rules for quota; what is left out stays", [
    'npm run cli -- quotas policy',
    'npm run cli -- quotas policy --time-zone Europe/Zurich --fiscal-year-starts-in 7',
    'npm run cli -- quotas policy --hold statistical --when-dry cut',
  ])
    .option('--time-zone <name>', 'in which periods begin and end, like Europe/Zurich')
    .option('--fiscal-year-starts-in <month>', '1 to 12: from which quarters count')
    .addOption(choice('--hold <rule>', 'how much is held for an answer', Object.keys(HOLD_RULES)))
    .addOption(
      choice('--when-dry <rule>', 'an answer whose quota is spent is cut, or runs on', ['cut', 'run']),
    )
    .addOption(
      choice('--expired <rule>', 'what a request costs that nobody reported on', Object.keys(EXPIRY_CHARGES)),
    )
    .option('--output-default <tokens>', 'the most that an answer may have whose request names no maximum')
    .option('--output-max <tokens>', 'the most that is held for one answer')
    .action(async (options: PolicyOptions, self: Command) => {
      const session = sessionOf(self);
      const patch = patchIn(options);
      const isChange = Object.keys(patch).length > 0;
      const policy = isChange
        ? await session.client.call('PATCH', '/quota-policy', { body: patch })
        : await session.client.call('GET', '/quota-policy');
      session.print(policy, policyText(policy));
    });
}

function patchIn(options: PolicyOptions): InputOf<'/quota-policy', 'PATCH'>['body'] {
  const { timeZone, fiscalYearStartsIn, hold, whenDry, expired, outputDefault, outputMax } = options;
  return {
    ...(timeZone !== undefined && { timeZone }),
    ...(fiscalYearStartsIn !== undefined && {
      fiscalYearStartsInMonth: wholeIn(fiscalYearStartsIn, '--fiscal-year-starts-in'),
    }),
    ...(hold !== undefined && { holdRule: HOLD_RULES[hold] }),
    ...(whenDry !== undefined && { dryRule: whenDry }),
    ...(expired !== undefined && { expiryCharge: EXPIRY_CHARGES[expired] }),
    ...(outputDefault !== undefined && { outputTokensDefault: wholeIn(outputDefault, '--output-default') }),
    ...(outputMax !== undefined && { outputTokensMax: wholeIn(outputMax, '--output-max') }),
  };
}

function policyText(policy: Row): string {
  const wordIn = (words: Readonly<Record<string, string>>, value: unknown) =>
    Object.keys(words).find((word) => words[word] === value) ?? value;
  const lines: readonly (readonly [string, unknown])[] = [
    ['time zone', policy.timeZone],
    ['fiscal year starts in month', policy.fiscalYearStartsInMonth],
    ['hold', wordIn(HOLD_RULES, policy.holdRule)],
    ['when dry', policy.dryRule],
    ['expired', wordIn(EXPIRY_CHARGES, policy.expiryCharge)],
    ['output default', `${count(policy.outputTokensDefault)} tokens`],
    ['output maximum', `${count(policy.outputTokensMax)} tokens`],
    ['version', policy.version],
  ];
  return lines.map(([name, value]) => `${name.padEnd(29)}${value}`).join('\n');
}

function choice(flags: string, description: string, choices: readonly string[]): Option {
  return new Option(flags, description).choices(choices);
}

function wholeIn(text: string, option: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  throw new CliError(`${option} takes a whole number`, 2);
}
