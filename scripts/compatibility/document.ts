// docs/COMPATIBILITY.md: words of ours, and tables between marks that runs write.

import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const DOCUMENT = join(import.meta.dirname, '../../docs/COMPATIBILITY.md');

export type SectionName = 'cases' | 'clients';

/** Puts `content` between the marks of a section. @throws Error when the document has no such marks */
export async function writeSection(name: SectionName, content: string, file = DOCUMENT): Promise<void> {
  const before = await readFile(file, 'utf8');
  const after = withSection(before, name, content);
  if (after === before) return;
  await writeFile(`${file}.new`, after);
  await rename(`${file}.new`, file);
}

export async function readSection(name: SectionName, file = DOCUMENT): Promise<string> {
  const text = await readFile(file, 'utf8');
  const { start, end } = placeOf(text, name);
  return text.slice(start, end).trim();
}

export function withSection(text: string, name: SectionName, content: string): string {
  const { start, end } = placeOf(text, name);
  return `${text.slice(0, start)}\n\n${content.trim()}\n\n${text.slice(end)}`;
}

function placeOf(text: string, name: SectionName): { readonly start: number; readonly end: number } {
  const begin = `<!-- ${name}:begin -->`;
  const at = text.indexOf(begin);
  const end = text.indexOf(`<!-- ${name}:end -->`);
  if (at === -1 || end < at) throw new Error(`docs/COMPATIBILITY.md has no marks of the section "${name}"`);
  return { start: at + begin.length, end };
}
