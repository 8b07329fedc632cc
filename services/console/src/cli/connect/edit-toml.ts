// Edits of a TOML text that leave everything else as it is, comments above all. A table that is written in another form is
// refused: two of one name are no TOML, and who reads the file would not start.

import { CliError } from '../cli-error.ts';
import { scanToml, type TomlStatement } from './scan-toml.ts';

type Values = Readonly<Record<string, string>>;

/**
 * Sets keys that stand before every table.
 *
 * @throws CliError for what is no TOML
 */
export function setTomlTopLevel(text: string, values: Values): string {
  const statements = scanToml(text);
  return setKeys(text, statements.slice(0, nextTable(statements, 0)), values);
}

export interface TomlTable {
  readonly path: readonly string[];
  readonly values: Values;
  /** Keys that may not stand in it besides ours. */
  readonly contradictions: readonly string[];
}

/**
 * Sets keys of a table, which is made at the end when there is none.
 *
 * @throws CliError for what is no TOML, for the same table in another form, and for contradictions in it
 */
export function setTomlTable(text: string, { path, values, contradictions }: TomlTable): string {
  const statements = scanToml(text);
  assertNoOtherForm(statements, path);
  const head = statements.findIndex((each) => each.form === 'table' && isSame(each.path, path));
  if (head === -1) return withTable(text, path, values);
  const ours = statements.slice(head, nextTable(statements, head + 1));
  const keys = ours.slice(1).map((key) => key.path[0] ?? '');
  const contradiction = keys.find((key) => contradictions.includes(key));
  if (contradiction !== undefined) {
    throw new CliError(`its [${path.join('.')}] has ${contradiction}, which goes against what belongs there`);
  }
  return setKeys(text, ours, values);
}

function nextTable(statements: readonly TomlStatement[], from: number): number {
  const index = statements.findIndex(({ form }, at) => at >= from && form !== 'key');
  return index === -1 ? statements.length : index;
}

/** @param statements of one table, with its head if it has one: what is new comes behind the last */
function setKeys(text: string, statements: readonly TomlStatement[], values: Values): string {
  const added: string[] = [];
  let edited = text;
  // From the back, so that what is found in the text before stays where it is.
  const last = statements.at(-1);
  for (const [key, value] of Object.entries(values)) {
    if (!statements.some((each) => isKey(each, key))) added.push(`${key} = ${JSON.stringify(value)}`);
  }
  if (added.length > 0) edited = insertLines(edited, last, added);
  for (const statement of statements.toReversed()) {
    const value = statement.path.length === 1 ? values[statement.path[0] ?? ''] : undefined;
    if (statement.form !== 'key' || value === undefined) continue;
    const there = edited.slice(statement.valueStart, statement.end);
    if (there === JSON.stringify(value) || there === `'${value}'`) continue;
    edited = edited.slice(0, statement.valueStart) + JSON.stringify(value) + edited.slice(statement.end);
  }
  return edited;
}

function insertLines(text: string, last: TomlStatement | undefined, lines: readonly string[]): string {
  const newline = newlineOf(text);
  if (last === undefined) return [...lines, text === '' ? '' : `${newline}${text}`].join(newline);
  const lineEnd = text.indexOf('\n', last.end);
  const block = lines.map((line) => `${line}${newline}`).join('');
  if (lineEnd === -1) return `${text}${newline}${block}`;
  return text.slice(0, lineEnd + 1) + block + text.slice(lineEnd + 1);
}

function withTable(text: string, path: readonly string[], values: Values): string {
  const newline = newlineOf(text);
  const keys = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  const before = text === '' ? '' : `${text.replace(/\s*$/, '')}${newline}${newline}`;
  return `${before}${[`[${path.join('.')}]`, ...keys, ''].join(newline)}`;
}

function assertNoOtherForm(statements: readonly TomlStatement[], path: readonly string[]): void {
  let open: TomlStatement | undefined;
  for (const statement of statements) {
    const full = statement.form === 'key' ? [...(open?.path ?? []), ...statement.path] : statement.path;
    const isInside = open !== undefined && startsWith(open.path, path);
    if (statement.form !== 'key') open = statement;
    const isTable = statement.form === 'table';
    const isOtherForm = !isTable && startsWith(path, full);
    const isDotted = statement.form === 'key' && startsWith(full, path) && !isInside;
    if (isOtherForm || isDotted) {
      throw new CliError(`it has ${path.join('.')} in another form than a table [${path.join('.')}]`);
    }
  }
}

function isKey({ form, path }: TomlStatement, key: string): boolean {
  return form === 'key' && path.length === 1 && path[0] === key;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && startsWith(one, other);
}

function startsWith(path: readonly string[], beginning: readonly string[]): boolean {
  return beginning.every((name, index) => path[index] === name);
}

function newlineOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
