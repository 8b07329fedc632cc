// What the command line has: every route of the API, an example with every command, and what the documents tell people to type.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { cliProgram } from '../src/cli/program.ts';
import type { Route } from '../src/routes/route.ts';
import { ROUTES } from '../src/routes/table.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CLI = join(import.meta.dirname, '../src/cli');

/** What nobody types: browsers do it, or another command does as much. */
const NOT_TYPED: readonly string[] = [
  'POST /session',
  'DELETE /session',
  'GET /sign-in/{identityProvider}',
  'GET /sign-in/{identityProvider}/callback',
  'GET /openapi.json',
  // `rules put` names the id.
  'POST /rule-sets',
  // `quotas set <user>` changes his bucket.
  'PATCH /quotas/{user}',
  // `quotas close grant:<id>`
  'DELETE /grants/{grant}',
];

const program = cliProgram();
const leaves = (command: Command, words: string): readonly (readonly [string, Command])[] =>
  command.commands.length === 0
    ? [[words, command]]
    : command.commands.flatMap((each) => leaves(each, `${words} ${each.name()}`.trim()));
const commands = leaves(program, '');

const sources = readdirSync(CLI, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(CLI, name), 'utf8'));

describe('the command line', () => {
  it.each(
    Object.values(ROUTES).map(({ method, path }: Route) => [
      method.toUpperCase(),
      path.replace(/:(\w+)/g, '{$1}'),
    ]),
  )('reaches %s %s', (method, path) => {
    const isReached = sources.some((text) => isCalled(text, method, path));
    expect(isReached).toBe(!NOT_TYPED.includes(`${method} ${path}`));
  });

  it.each(commands)('%s teaches with an example, and answers programs in JSON', (words, command) => {
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    expect(help).toMatch(new RegExp(`Examples:\\n[\\s\\S]*npm run (-s )?cli -- ${words}( |\\n|$)`));
    expect(help).toContain('--json');
  });
});

const documents = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const typed = documents.flatMap((name) =>
  [...readFileSync(join(ROOT, name), 'utf8').matchAll(/npm run (?:-s )?cli -- ([a-z][^\n`]*)/g)].map(
    ([, line = '']) => [name, line] as const,
  ),
);

it.each(typed)('%s tells people to type what there is: %s', (_name, line) => {
  const words = line.split(/\s+/);
  if (words[1] === '--help') {
    expect(program.commands.map((each) => each.name())).toContain(words[0]);
    return;
  }
  const found = commands.find(([name]) => name.split(' ').every((word, index) => words[index] === word));
  expect(found?.[0]).toBeDefined();
  const options = words.filter((word) => /^--[a-z]/.test(word)).map((word) => word.split('=')[0]);
  const known = ['--help', ...(found?.[1].options.map(({ long }) => long) ?? [])];
  for (const option of options) expect(known).toContain(option);
});

/** A path may stand in a constant of the file. */
function isCalled(text: string, method: string, path: string): boolean {
  const names = [...text.matchAll(/const (\w+) =\s*'([^']+)'/g)].filter(([, , value]) => value === path);
  const places = [`'${path}'`, ...names.map(([, name = '']) => name)];
  return places.some((place) => {
    const escaped = place.replace(/[{}/.$]/g, '\\$&');
    const call = new RegExp(`call\\(\\s*'${method}',\\s*${escaped}[,)\\s]`);
    return call.test(text) || (method === 'GET' && new RegExp(`list\\(\\s*${escaped}[,)\\s]`).test(text));
  });
}
