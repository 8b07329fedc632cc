// The same command, written so that a reader of its letters misses it and a shell does not.

import { expect, test } from 'vitest';
import { Rules } from '../src/index.ts';
import { COMMANDS, HARMLESS, RULES } from './destructive-rules.ts';

type Evasion = readonly [name: string, isCaughtAlways: boolean, write: (command: string) => string];

const inTheMiddle = (word: string, put: string) => word.slice(0, 1) + put + word.slice(1);
const firstWord = (command: string, write: (word: string) => string) =>
  command.replace(/^\S+/, (word) => write(word));
const everyWord = (command: string, write: (word: string) => string) =>
  command.replace(/[A-Za-z]{2,}/g, write);
const hex = (character: string) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
const fullWidth = (text: string) =>
  text.replace(/[a-z]/g, (each) => String.fromCodePoint(each.charCodeAt(0) + 0xfee0));
const cyrillic = (text: string) =>
  text.replace(
    /[aceopxy]/g,
    (each) => ({ a: 'а', c: 'с', e: 'е', o: 'о', p: 'р', x: 'х', y: 'у' })[each] ?? each,
  );

/** What is false is known to be missed: it takes a shell's state, or running something, to know what it means. */
const EVASIONS: readonly Evasion[] = [
  ['as it is', true, (command) => command],
  ['capitals', true, (command) => command.toUpperCase()],
  ['single quotes in a word', true, (command) => firstWord(command, (word) => inTheMiddle(word, "''"))],
  ['double quotes around a word', true, (command) => firstWord(command, (word) => `"${word}"`)],
  ['quotes in every word', true, (command) => everyWord(command, (word) => inTheMiddle(word, '""'))],
  ['a backslash in a word', true, (command) => firstWord(command, (word) => inTheMiddle(word, '\\'))],
  ['a line that goes on', true, (command) => firstWord(command, (word) => inTheMiddle(word, '\\\n'))],
  ['$IFS$9 for blanks', true, (command) => command.replaceAll(' ', '$IFS$$9')],
  ['${IFS} for blanks', true, (command) => command.replaceAll(' ', '${IFS}')],
  ['tabs and runs of blanks', true, (command) => command.replaceAll(' ', ' \t  ')],
  ['no-break spaces', true, (command) => command.replaceAll(' ', '\u00a0')],
  ['zero-width characters', true, (command) => everyWord(command, (word) => inTheMiddle(word, '\u200b'))],
  ['soft hyphens', true, (command) => everyWord(command, (word) => inTheMiddle(word, '\u00ad'))],
  ['text direction marks', true, (command) => `\u202a${command}\u202c`],
  ['full-width letters', true, fullWidth],
  ['letters of another script', true, cyrillic],
  ['combining marks', true, (command) => everyWord(command, (word) => inTheMiddle(word, '\u0332'))],
  ['ANSI-C quoting', true, (command) => firstWord(command, (word) => `$'${[...word].map(hex).join('')}'`)],
  ['empty expansions', true, (command) => firstWord(command, (word) => inTheMiddle(word, '$@'))],
  ['an empty substitution', true, (command) => firstWord(command, (word) => inTheMiddle(word, '$()'))],
  ['sudo', true, (command) => `sudo -u root ${command}`],
  ['env with a variable', true, (command) => `env A=1 ${command}`],
  ['behind another command', true, (command) => `true && ${command}`],
  ['behind a newline', true, (command) => `echo ok\n${command}`],
  ['in a subshell', true, (command) => `(cd /tmp; ${command})`],
  ['in a substitution', true, (command) => `echo $(${command})`],
  ['in bash -c', true, (command) => `bash -c '${command}'`],
  ['control characters', true, (command) => everyWord(command, (word) => inTheMiddle(word, '\u0001'))],
  ['base 64', false, (command) => `echo ${Buffer.from(command).toString('base64')} | base64 -d | sh`],
  ['a variable', false, (command) => firstWord(command, (word) => `x=${word}; $x`)],
  ['letters from elsewhere', false, (command) => firstWord(command, (word) => `$(echo ${word} | rev | rev)`)],
];

const rules = Rules.compile([{ ruleSetId: 'company', revision: 1n, rules: RULES }]);
const isCaught = (text: string) => rules.inspect('toolCall', text).hits.length > 0;

test('commands are caught however they are written, as far as that needs no shell', () => {
  const missed: string[] = [];
  let [caught, variants] = [0, 0];
  for (const [name, isCaughtAlways, write] of EVASIONS) {
    const own = COMMANDS.filter((command) => isCaught(write(command)));
    caught += own.length;
    variants += COMMANDS.length;
    if (!isCaughtAlways) continue;
    for (const command of COMMANDS) if (!own.includes(command)) missed.push(`${name}: ${write(command)}`);
  }
  const share = caught / variants;
  process.stdout.write(
    `evasions: ${caught} of ${variants} variants caught (${(share * 100).toFixed(1)} %); ` +
      `missed of those that need no shell: ${missed.length}\n${missed.map((each) => `  ${JSON.stringify(each)}\n`).join('')}`,
  );
  expect(variants).toBeGreaterThanOrEqual(300);
  expect(missed).toEqual([]);
  expect(share).toBeGreaterThanOrEqual(0.9);
});

test.each(HARMLESS)('%j is left alone', (text) => {
  expect(rules.inspect('toolCall', text).hits).toEqual([]);
});

test('the fork bomb is met in its own letters', () => {
  expect(isCaught(':(){ :|:& };:')).toBe(true);
});
