// What the ledger knows, as its rules see it: plain values, apart from how they are stored and how they travel.

export type State =
  | 'HELD'
  | 'REJECTED'
  | 'SETTLED'
  | 'VOIDED'
  | 'EXPIRED'
  | 'RECONCILED'
  | 'ORPHAN_SETTLED'
  | 'REVERSED';

/** Why an entry was written; also its place in the life of a reservation. */
export type EntryOperation =
  | 'reserve'
  | 'extend'
  | 'settle'
  | 'void'
  | 'expire'
  | 'reconcile'
  | 'orphan'
  | 'reverse';

/** Those that pay stand first, in the order in which they pay unless somebody set another. */
export const FUNDING_TIERS = ['PERSONAL', 'PROJECT', 'SUPPLEMENTARY'] as const;
export type FundingTier = (typeof FUNDING_TIERS)[number];
export type Tier = FundingTier | 'CAP' | 'PLATFORM';

export type PeriodKind = 'DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'WHOLE';

/** In the order in which a shortage is told. */
export const METERED_TYPES = ['input', 'output', 'cacheRead', 'cacheWrite', 'cost'] as const;
export type MeteredType = (typeof METERED_TYPES)[number];

/** Tokens of four exclusive types, and millionths of the currency. */
export type Amounts = Readonly<Record<MeteredType, bigint>>;

/** The limit of each type; null is unlimited. */
export type Limits = Readonly<Record<MeteredType, bigint | null>>;

export const NOTHING: Amounts = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };
export const UNLIMITED: Limits = {
  input: null,
  output: null,
  cacheRead: null,
  cacheWrite: null,
  cost: null,
};

export interface Subject {
  readonly userId: string;
  /** Empty for none. */
  readonly projectId: string;
  /** From the top down. */
  readonly departmentIds: readonly string[];
  /** Empty for none. */
  readonly model: string;
}

export interface Bucket {
  readonly tenant: string;
  readonly bucket: string;
  readonly tier: Tier;
  readonly scope: string;
  readonly limits: Limits;
  readonly periodKind: PeriodKind;
  readonly validFromMs: bigint | null;
  readonly validUntilMs: bigint | null;
  readonly closedAtMs: bigint | null;
  readonly note: string;
  readonly createdAtMs: bigint;
  readonly updatedAtMs: bigint;
}

export interface Balance {
  readonly tenant: string;
  readonly bucket: string;
  readonly period: string;
  readonly limits: Limits;
  /** It admits nothing before; null is always. */
  readonly openFromMs: bigint | null;
  /** It admits nothing from then on; null is never. */
  readonly openUntilMs: bigint | null;
  readonly used: Amounts;
  readonly held: Amounts;
  readonly overrun: Amounts;
}

/** The share of one bucket in a reservation: a place of its plan, and what is held and charged there. */
export interface Line {
  readonly bucket: string;
  readonly tier: Tier;
  readonly period: string;
  /** When the period ends, as it was known when the plan was made; null for never. */
  readonly periodEndsAtMs: bigint | null;
  readonly held: Amounts;
  readonly used: Amounts;
  readonly overrun: Amounts;
}

export interface Blocked {
  readonly bucket: string;
  readonly type: MeteredType;
  readonly remaining: bigint;
  readonly resetsAtMs: bigint | null;
}

export type ExpiryCharge = 'PROMPT_ESTIMATE' | 'ZERO' | 'FULL_HOLD';

/** An extension that was decided; a repeated call gets the same answer. */
export interface Extension {
  readonly amounts: Amounts;
  /** Null when it was granted. */
  readonly blocked: Blocked | null;
}

export interface Reservation {
  readonly tenant: string;
  readonly reservationId: string;
  readonly state: State;
  readonly subject: Subject;
  /** The plan: funding buckets in their order, then caps, then the platform's account once it bears something. */
  readonly lines: readonly Line[];
  /** What is or was held, or asked for in vain. */
  readonly amounts: Amounts;
  readonly charged: Amounts;
  /** Null before the first heartbeat of a dispatched request. */
  readonly checkpoint: Amounts | null;
  readonly createdAtMs: bigint;
  readonly expiresAtMs: bigint;
  readonly resolvedAtMs: bigint | null;
  readonly outcome: string;
  readonly isEstimated: boolean;
  /** A digest of the owner token; empty for an orphan, which nobody owns. */
  readonly ownerDigest: string;
  readonly fingerprint: string;
  readonly blocked: Blocked | null;
  readonly priceVersion: string;
  /** The part of `amounts.cost` that the prompt alone costs. */
  readonly promptCost: bigint;
  readonly policyVersion: bigint;
  readonly expiryCharge: ExpiryCharge;
  /** The number of the last extension that was decided. */
  readonly extensions: number;
  readonly lastExtension: Extension | null;
  readonly reversalReason: string;
}

/** What one operation adds to one balance. */
export interface Entry {
  readonly bucket: string;
  readonly period: string;
  readonly held: Amounts;
  readonly used: Amounts;
  readonly overrun: Amounts;
}

export interface Policy {
  readonly version: bigint;
  readonly timeZone: string;
  readonly fiscalYearStartsInMonth: number;
  readonly expiryCharge: ExpiryCharge;
  readonly holdRule: 'WORST_CASE' | 'STATISTICAL';
  readonly dryRule: 'CUT' | 'RUN';
  readonly outputTokensDefault: number;
  readonly outputTokensMax: number;
}

export const DEFAULT_POLICY: Policy = {
  version: 0n,
  timeZone: 'UTC',
  fiscalYearStartsInMonth: 1,
  expiryCharge: 'PROMPT_ESTIMATE',
  holdRule: 'WORST_CASE',
  dryRule: 'CUT',
  outputTokensDefault: 16_384,
  outputTokensMax: 131_072,
};
