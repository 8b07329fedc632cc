// The enums of the ledger as the words of the admin API.

import {
  DryRule,
  ExpiryCharge,
  HoldRule,
  PeriodKind,
  ReservationState,
  Tier,
  TokenType,
} from '@ai-switch/contracts';

export const PERIOD_KINDS = {
  day: PeriodKind.DAY,
  week: PeriodKind.WEEK,
  month: PeriodKind.MONTH,
  quarter: PeriodKind.QUARTER,
  whole: PeriodKind.WHOLE,
} as const;

export const FUNDING_TIERS = {
  personal: Tier.PERSONAL,
  project: Tier.PROJECT,
  supplementary: Tier.SUPPLEMENTARY,
} as const;

export const TIERS = { ...FUNDING_TIERS, cap: Tier.CAP, platform: Tier.PLATFORM } as const;

export const TOKEN_TYPES = {
  input: TokenType.INPUT,
  output: TokenType.OUTPUT,
  cacheRead: TokenType.CACHE_READ,
  cacheWrite: TokenType.CACHE_WRITE,
  cost: TokenType.COST,
} as const;

export const STATES = {
  held: ReservationState.HELD,
  rejected: ReservationState.REJECTED,
  settled: ReservationState.SETTLED,
  voided: ReservationState.VOIDED,
  expired: ReservationState.EXPIRED,
  reconciled: ReservationState.RECONCILED,
  orphanSettled: ReservationState.ORPHAN_SETTLED,
  reversed: ReservationState.REVERSED,
} as const;

export const EXPIRY_CHARGES = {
  promptEstimate: ExpiryCharge.PROMPT_ESTIMATE,
  zero: ExpiryCharge.ZERO,
  fullHold: ExpiryCharge.FULL_HOLD,
} as const;

export const HOLD_RULES = { worstCase: HoldRule.WORST_CASE, statistical: HoldRule.STATISTICAL } as const;

export const DRY_RULES = { cut: DryRule.CUT, run: DryRule.RUN } as const;
