export { type OpenQuotaLedger, openQuotaLedger, type QuotaLedgerOptions } from './open-quota-ledger.ts';
