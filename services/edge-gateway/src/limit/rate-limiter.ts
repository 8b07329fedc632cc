/** What bounds one scope, whose name is `key`. 0 is no bound. Several may share a key: they bound its one count. */
export interface RateBound {
  readonly key: string;
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  readonly concurrentRequests: number;
}

export type RateKind = 'requestsPerMinute' | 'tokensPerMinute' | 'concurrentRequests';

export interface RateRefusal {
  readonly bound: RateBound;
  readonly kind: RateKind;
  /** When the same request may be admitted; undefined when never: it is larger than the bound. */
  readonly retryAfterMs: number | undefined;
}

/** The place that an admitted request has. */
export interface RateLease {
  /** Gives the place back, and books what was used in place of what was asked for. Only the first call counts. */
  end(tokens: number): void;
}

export type RateVerdict = { readonly lease: RateLease } | { readonly refusal: RateRefusal };

/**
 * Counts requests and tokens of the last minute, and requests under way. Within no 60 seconds is more admitted than a bound says;
 * what answers use beyond what was asked for counts from when it is known.
 */
export interface RateLimiter {
  /**
   * Admits a request within all of the bounds, or counts nothing.
   * @param tokens that it will use at least
   */
  admit(bounds: readonly RateBound[], tokens: number): RateVerdict | Promise<RateVerdict>;
  close(): void;
}
