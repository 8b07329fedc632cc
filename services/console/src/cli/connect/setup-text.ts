import type { FileChange } from './change-files.ts';
import { type Client, type Connection, exportLines, type Setup, shownPath } from './client-setup.ts';
import { lineDiff } from './line-diff.ts';

/** What a person pastes, block by block, and how to have it written instead. */
export function setupText({ name, title }: Client, setup: Setup): string {
  const { files, environment, text, notes } = setup;
  const blocks = files.map(({ path, edit }) => block(shownPath(path), edit('')));
  if (text !== undefined) blocks.push(block(title, text));
  if (environment !== undefined) {
    const last = files.at(-1);
    const head = last === undefined ? 'Or in a shell' : `In place of ${shownPath(last.path)}, for one shell`;
    blocks.push(block(head, exportLines(environment)));
  }
  blocks.push(...notes.map((note) => `Note: ${note}`));
  if (files.length > 0) blocks.push(`To have it written: npm run cli -- connect ${name} --write`);
  return blocks.join('\n\n');
}

/** The same for programs. A file's text is what it holds when nothing else is in it. */
export function setupRow({ name }: Client, connection: Connection, setup: Setup): object {
  const { files, environment = {}, text, notes } = setup;
  return {
    client: name,
    ...connection,
    files: files.map(({ path, edit }) => ({ path, text: edit('') })),
    environment,
    ...(text === undefined ? {} : { text }),
    notes,
  };
}

/** What would change, as people read it. */
export function changeText({ path, before, after }: FileChange): string {
  const head = before === '' ? `${shownPath(path)} (new)` : shownPath(path);
  return `${head}\n${lineDiff(before, after)}`;
}

/** What became of a file. */
export interface FileOutcome {
  readonly path: string;
  readonly isChanged: boolean;
  /** Where the text before is kept. */
  readonly backup?: string;
}

export function outcomeText(file: FileOutcome): string {
  if (!file.isChanged) return `${shownPath(file.path)} says so already: nothing changed`;
  const kept = file.backup === undefined ? '' : `; as it was: ${shownPath(file.backup)}`;
  return `wrote ${shownPath(file.path)}${kept}`;
}

function block(head: string, text: string): string {
  const lines = text.trimEnd().split('\n');
  return `${head}:\n${lines.map((line) => `  ${line}`.trimEnd()).join('\n')}`;
}
