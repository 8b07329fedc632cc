import type { AllowedSkip } from './outcome.ts';

/** Tests that may be skipped even where CI=true, each with the reason why it cannot run there. */
export const ALLOWED_SKIPS: readonly AllowedSkip[] = [];
