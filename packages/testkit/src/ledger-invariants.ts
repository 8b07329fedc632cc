import { readFileSync } from 'node:fs';

/** The file that a customer runs on his own database. */
export const LEDGER_INVARIANTS = new URL('../../../scripts/ledger-invariants.sql', import.meta.url);

/** The queries of ledger-invariants.sql, each of which must find nothing. */
export function ledgerInvariants(): readonly string[] {
  return readFileSync(LEDGER_INVARIANTS, 'utf8')
    .split('\n')
    .filter((line) => !/^(--|set |begin |commit)/.test(line))
    .join('\n')
    .split(';')
    .map((query) => query.trim())
    .filter((query) => query !== '');
}
