export { Ledger, type LedgerOptions } from './ledger.ts';
export { type OpenQuotaLedger, openQuotaLedger, type QuotaLedgerOptions } from './open-quota-ledger.ts';
export { type LedgerSchema, migrations } from './schema.ts';
