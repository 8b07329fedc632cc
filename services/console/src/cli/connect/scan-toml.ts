// Where the statements of a TOML text stand (https://toml.io/en/v1.0.0), so that it can be edited with everything else,
// comments above all, left as it is. It does not read values: it finds their ends.

import { CliError } from '../cli-error.ts';

export interface TomlStatement {
  /** `[a.b]` and `[[a.b]]` open a table; all others set a key of the table that is open. */
  readonly form: 'table' | 'arrayTable' | 'key';
  /** Of a key: within its table. */
  readonly path: readonly string[];
  /** Where it begins, and where it ends: before a comment behind it. */
  readonly start: number;
  readonly end: number;
  /** Of a key: where its value begins. */
  readonly valueStart: number;
}

const STRING = /"""(?:\\[\s\S]|(?!""")[^\\])*"{3,5}|'''[\s\S]*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y;
const BARE_KEY = /[A-Za-z0-9_-]+/y;
const BLANK = /(?:[ \t\r\n]|#[^\n]*)*/y;
const SPACE = /[ \t]*/y;

/** @throws CliError for what is no TOML */
export function scanToml(text: string): readonly TomlStatement[] {
  const statements: TomlStatement[] = [];
  let at = 0;
  for (;;) {
    at = skip(BLANK, text, at);
    if (at === text.length) return statements;
    const statement = text[at] === '[' ? tableAt(text, at) : keyAt(text, at);
    statements.push(statement);
    at = skip(SPACE, text, statement.end);
    if (at < text.length && !/[#\r\n]/.test(text[at] ?? '')) throw broken(text, at);
  }
}

function tableAt(text: string, start: number): TomlStatement {
  const brackets = text.startsWith('[[', start) ? 2 : 1;
  const { path, end } = pathAt(text, start + brackets);
  if (!text.startsWith(']'.repeat(brackets), end)) throw broken(text, end);
  return {
    form: brackets === 2 ? 'arrayTable' : 'table',
    path,
    start,
    end: end + brackets,
    valueStart: end,
  };
}

function keyAt(text: string, start: number): TomlStatement {
  const { path, end } = pathAt(text, start);
  if (text[end] !== '=') throw broken(text, end);
  const valueStart = skip(SPACE, text, end + 1);
  return { form: 'key', path, start, end: valueEnd(text, valueStart), valueStart };
}

function pathAt(text: string, start: number): { readonly path: readonly string[]; readonly end: number } {
  const path: string[] = [];
  for (let at = start; ; at += 1) {
    at = skip(SPACE, text, at);
    const bare = textOf(BARE_KEY, text, at);
    const name = bare ?? textOf(STRING, text, at);
    if (name === undefined) throw broken(text, at);
    path.push(bare ?? name.slice(1, -1));
    at = skip(SPACE, text, at + name.length);
    if (text[at] !== '.') return { path, end: at };
  }
}

/** Lists and inline tables nest, and may hold strings and comments with brackets in them. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  let end = start;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (depth === 0 && /[#\r\n]/.test(character)) break;
    if (character === '"' || character === "'") {
      const string = textOf(STRING, text, at);
      if (string === undefined) throw broken(text, at);
      at += string.length;
      end = at;
      continue;
    }
    if (character === '#') {
      at = skip(/[^\n]*/y, text, at);
      continue;
    }
    if (character === '[' || character === '{') depth += 1;
    if (character === ']' || character === '}') depth -= 1;
    at += 1;
    if (!/\s/.test(character)) end = at;
  }
  if (depth !== 0 || end === start) throw broken(text, start);
  return end;
}

function skip(pattern: RegExp, text: string, at: number): number {
  return at + (textOf(pattern, text, at)?.length ?? 0);
}

function textOf(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function broken(text: string, at: number): CliError {
  return new CliError(`it is no TOML: see line ${text.slice(0, at).split('\n').length}`);
}
