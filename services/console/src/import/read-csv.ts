// The CSV of an import: a header that names the columns in any order, then a line for each user or each department without
// one. https://www.rfc-editor.org/rfc/rfc4180

import { ImportLine, ImportProblem } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { CsvError, type InfoRecord, parse } from 'csv-parse/sync';

const COLUMNS = ['department', 'user', 'role', 'projects'] as const;
type Column = (typeof COLUMNS)[number];

export interface ReadLines {
  readonly lines: readonly ImportLine[];
  /** Of lines that cannot be read. */
  readonly problems: readonly ImportProblem[];
}

/** @throws Fault `invalid` for a text that is no CSV, or whose header names other columns */
export function readImportCsv(text: string): ReadLines {
  const [header, ...rows] = recordsIn(text);
  if (header === undefined) throw invalid('The file is empty.');
  const columns = columnsIn(header.record);
  const problems: ImportProblem[] = [];
  const lines: ImportLine[] = [];
  for (const { record, info } of rows) {
    const line = info.lines;
    if (record.length > columns.length) {
      const problem = `it has ${record.length} fields, and the header ${columns.length}`;
      problems.push(ImportProblem.create({ line, column: '', problem }));
      continue;
    }
    const of = (column: Column) => record[columns.indexOf(column)] ?? '';
    lines.push(
      ImportLine.create({
        line,
        department: partsOf(of('department'), '/'),
        user: of('user'),
        role: of('role'),
        projects: partsOf(of('projects'), ';').filter((project) => project !== ''),
      }),
    );
  }
  return { lines, problems };
}

interface CsvRow {
  readonly record: readonly string[];
  readonly info: InfoRecord;
}

function recordsIn(text: string): readonly CsvRow[] {
  try {
    return parse(text, {
      bom: true,
      info: true,
      trim: true,
      relaxColumnCount: true,
      skipEmptyLines: true,
      skipRecordsWithEmptyValues: true,
    }) as unknown as readonly CsvRow[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Fault('invalid', `This is no CSV: ${error.message}.`, { cause: error });
  }
}

function columnsIn(header: readonly string[]): readonly string[] {
  const unknown = header.find((name) => !COLUMNS.some((column) => column === name));
  const expected = `The columns are ${COLUMNS.join(', ')}.`;
  if (unknown !== undefined) throw invalid(`There is no column \`${unknown.slice(0, 64)}\`. ${expected}`);
  if (new Set(header).size !== header.length) throw invalid(`A column stands there twice. ${expected}`);
  if (!header.includes('department') && !header.includes('user')) {
    throw invalid(`The first line has to name the columns. ${expected}`);
  }
  return header;
}

function partsOf(text: string, separator: string): string[] {
  return text === '' ? [] : text.split(separator).map((part) => part.trim());
}

function invalid(message: string): Fault {
  return new Fault('invalid', message, { details: { field: 'lines' } });
}
