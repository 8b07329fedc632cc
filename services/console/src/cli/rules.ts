import { text as readStream } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { CliError } from './cli-error.ts';
import type { InputOf, Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { count, moment } from './output.ts';
import { readJsonFile, readTextFile } from './read-file.ts';

/** The bound of the admin API. */
const FILE_BYTES_MAX = 1024 * 1024;
const SURFACES = { prompt: 'prompt', 'tool-call': 'toolCall', 'tool-result': 'toolResult' } as const;
const RULE_SET = '/rule-sets/{ruleSet}';

const COLUMNS = {
  ID: (row: Row) => row.ruleSetId,
  NAME: (row: Row) => row.name,
  OF: (row: Row) => (row.departmentPath === '/' ? 'the company' : row.departmentPath),
  REVISION: (row: Row) => row.revision,
  CHANGED: (row: Row) => moment(row.updatedAtMs),
};
const RULE_COLUMNS = {
  RULE: (row: Row) => row.ruleId,
  ACTION: (row: Row) => row.action,
  MODE: (row: Row) => row.mode,
  PATTERN: (row: Row) => row.pattern,
  LOOKS: (row: Row) => (Array.isArray(row.surfaces) && row.surfaces.join(', ')) || 'everywhere',
  MESSAGE: (row: Row) => row.message,
};
const HIT_COLUMNS = {
  SET: (row: Row) => row.ruleSetId,
  RULE: (row: Row) => row.ruleId,
  ACTION: (row: Row) => row.action,
  MODE: (row: Row) => row.mode,
  AT: (row: Row) => `${row.start}-${row.end}`,
  TEXT: (row: Row) => JSON.stringify(row.text),
};
const COUNT_COLUMNS = {
  SET: (row: Row) => row.ruleSetId,
  RULE: (row: Row) => row.ruleId,
  ACTION: (row: Row) => row.action,
  HITS: (row: Row) => count(row.hits),
  LAST: (row: Row) => moment(row.lastAtMs),
};

export function rulesCommand(): Command {
  const rules = command('rules', 'what is intercepted in prompts, tool calls and tool results', [
    'npm run cli -- rules put no-secrets rules.json',
    'npm run cli -- rules test no-secrets --text "rm -rf /" --surface tool-call',
    'npm run cli -- policies set company --rules no-secrets',
    'npm run cli -- rules hits',
  ]);
  for (const verb of [
    putCommand(),
    listCommand(),
    showCommand(),
    testCommand(),
    hitsCommand(),
    removeCommand(),
  ]) {
    rules.addCommand(verb);
  }
  return rules;
}

type RuleSetGiven = InputOf<typeof RULE_SET, 'PUT'>['body'];

function putCommand(): Command {
  return command('put', 'make a rule set, or replace its rules, from a JSON file', [
    'npm run cli -- rules put no-secrets rules.json',
    'npm run cli -- rules put team-rules rules.json --department research',
  ])
    .addHelpText(
      'after',
      `
The file:

  {"name": "No secrets", "rules": [
    {"ruleId": "aws", "mode": "regex", "pattern": "AKIA[0-9A-Z]{16}", "action": "block", "message": "An AWS key stands in it."},
    {"ruleId": "rm", "mode": "prefix", "pattern": "rm -rf", "action": "block", "surfaces": ["toolCall"]}
  ]}

Modes: exact, prefix, contains, glob, regex (of RE2). Actions: block, flag, shadow.`,
    )
    .argument('<id>', 'as policies name it')
    .argument('<file>', 'JSON')
    .option('--department <id>', 'whose it is, when it is new; default: the company’s')
    .action(async (ruleSet: string, path: string, { department }: { department?: string }, self: Command) => {
      const { client, print } = sessionOf(self);
      // What is in it is for the admin API to judge.
      const file = (await readJsonFile(path, FILE_BYTES_MAX)) as RuleSetGiven;
      const body = { ...file, ...(department !== undefined && { departmentId: department }) };
      const put = await client.call('PUT', RULE_SET, { path: { ruleSet }, body });
      print(put, `put ${put.name} (${put.ruleSetId}): ${put.rules.length} rules, revision ${put.revision}`);
    });
}

function listCommand(): Command {
  return command('list', 'list the rule sets', ['npm run cli -- rules list']).action(
    async (_options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows(await client.list('/rule-sets'), COLUMNS);
    },
  );
}

function showCommand(): Command {
  return command('show', 'show the rules of a set', ['npm run cli -- rules show no-secrets'])
    .argument('<id>')
    .action(async (ruleSet: string, _options: object, self: Command) => {
      const { client, print, printRows } = sessionOf(self);
      const shown = await client.call('GET', RULE_SET, { path: { ruleSet } });
      if (self.optsWithGlobals().json === true) print(shown, '');
      else printRows(shown.rules, RULE_COLUMNS);
    });
}

interface TestOptions {
  readonly text?: string;
  readonly file?: string;
  readonly surface: keyof typeof SURFACES;
}

function testCommand(): Command {
  return command('test', 'tell which rules a text would meet, and where', [
    'npm run cli -- rules test no-secrets --text "rm -rf /" --surface tool-call',
    'cat prompt.txt | npm run cli -- rules test no-secrets',
  ])
    .argument('<id...>', 'the rule sets')
    .option('--text <text>', 'the text; default: standard input')
    .option('--file <path>', 'a file that holds it')
    .addOption(
      new Option('--surface <where>', 'as what it would go through')
        .choices(Object.keys(SURFACES))
        .default('prompt'),
    )
    .action(async (ruleSets: readonly string[], options: TestOptions, self: Command) => {
      const { client, print, printRows } = sessionOf(self);
      const body = { ruleSets, surface: SURFACES[options.surface], text: await textIn(options) };
      const tested = await client.call('POST', '/rule-sets/test', { body });
      if (self.optsWithGlobals().json === true) print(tested, '');
      else printRows(tested.hits, HIT_COLUMNS);
    });
}

function hitsCommand(): Command {
  return command('hits', 'count what rules met, most first', [
    'npm run cli -- rules hits',
    'npm run cli -- rules hits --rules no-secrets --days 30',
  ])
    .option('--rules <id>', 'only of this set')
    .option('--days <days>', 'how far back', '7')
    .action(async ({ rules, days }: { rules?: string; days: string }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      if (!/^[1-9][0-9]{0,2}$/.test(days)) throw new CliError('--days is a whole number from 1 to 999', 2);
      const fromMs = Date.now() - Number(days) * 86_400_000;
      const query = { fromMs, ...(rules !== undefined && { ruleSet: rules }) };
      printRows((await client.call('GET', '/rule-hits', { query })).items, COUNT_COLUMNS);
    });
}

function removeCommand(): Command {
  return command('remove', 'remove a rule set that no policy names', [
    'npm run cli -- rules remove no-secrets',
  ])
    .argument('<id>')
    .action(async (ruleSet: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const gone = await client.call('DELETE', RULE_SET, { path: { ruleSet } });
      print(gone, `removed ${gone.ruleSetId}`);
    });
}

async function textIn({ text, file }: TestOptions): Promise<string> {
  if (text !== undefined && file !== undefined) throw new CliError('give --text or --file, not both', 2);
  if (text !== undefined) return text;
  return file === undefined ? readStream(process.stdin) : readTextFile(file, FILE_BYTES_MAX);
}
