/** What is metered, each by itself, in the order in which it is shown. */
export const METERED_TYPES = ['input', 'output', 'cacheRead', 'cacheWrite', 'cost'] as const;
export type MeteredType = (typeof METERED_TYPES)[number];
