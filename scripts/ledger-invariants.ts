import { readFileSync } from 'node:fs';

/** The queries of ledger-invariants.sql, each of which must find nothing. */
export function ledgerInvariants(): readonly string[] {
  return readFileSync(new URL('./ledger-invariants.sql', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => !/^(--|set |begin |commit)/.test(line))
    .join('\n')
    .split(';')
    .map((query) => query.trim())
    .filter((query) => query !== '');
}
