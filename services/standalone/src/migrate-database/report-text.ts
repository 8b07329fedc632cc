import type { MoveReport } from '@ai-switch/db';

/** What was copied and shown to be equal, for people. */
export function reportText({ tables, proofs }: MoveReport): string {
  const schemas = [...new Set(tables.map(({ schema }) => schema))];
  const lines = schemas.map((schema) => {
    const own = tables.filter((table) => table.schema === schema);
    const rows = own.reduce((sum, { contents }) => sum + contents.rows, 0n);
    return `  ${schema.padEnd(14)}${String(own.length).padStart(3)} tables ${String(rows).padStart(10)} rows`;
  });
  return [
    'Everything was copied, read back and compared: the counts, the sums and every row are equal.',
    '',
    ...lines,
    '',
    `  used by all buckets: ${usedText(tables)}`,
    ...proofs.map(({ schema, name, rows }) => `  ${schema}: ${rows.length} ${name} are equal`),
    '',
    'The files stay as they are. Start AI-Switch with AISWITCH_DATABASE_URL and the same data folder: its keys are needed as before.',
    '',
  ].join('\n');
}

function usedText(tables: MoveReport['tables']): string {
  const sums = tables.find(({ table }) => table === 'balance')?.contents.sums ?? {};
  const names = Object.keys(sums).filter((name) => name.startsWith('used_'));
  if (names.length === 0) return 'nothing';
  return names.map((name) => `${name.slice('used_'.length).replaceAll('_', ' ')} ${sums[name]}`).join(', ');
}

/** The same for programs. Numbers that may be beyond a double are texts. */
export function reportJson({ tables, proofs }: MoveReport): string {
  return JSON.stringify(
    {
      tables: tables.map(({ schema, table, contents }) => ({ schema, table, ...contents })),
      proofs,
    },
    (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    2,
  );
}
