import type { Row } from './client.ts';

/** How one column is headed and what stands in it. */
export type Columns = Readonly<Record<string, (row: Row) => unknown>>;

/** Rows as an aligned table for people. */
export function table(rows: readonly Row[], columns: Columns): string {
  const heads = Object.keys(columns);
  const lines = [heads, ...rows.map((row) => Object.values(columns).map((cell) => cellText(cell(row))))];
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => width(line[column] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((text, column) => pad(text, widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function count(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en') : cellText(value);
}

/** Minutes are what people need; programs read the JSON. */
export function moment(value: unknown): string {
  if (typeof value !== 'number') return '';
  return `${new Date(value).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

export function list(value: unknown, shown = 4): string {
  if (!Array.isArray(value)) return '';
  const rest = value.length - shown;
  return `${value.slice(0, shown).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function cellText(value: unknown): string {
  return value === undefined || value === null || value === '' ? '-' : onOneLine(String(value));
}

/** What comes from outside may hold the codes that steer a terminal. */
export function onOneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

function width(text: string): number {
  return [...text].length;
}

function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)));
}
