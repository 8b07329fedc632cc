/** Retries that may come at once after a quiet time. */
const TOKENS_MAX = 1_000;
/** What a call that went well gives back. */
const TOKENS_A_CALL = 0.1;

/** Keeps retries from piling up on services that are in trouble: in the long run one call in ten may be sent again. */
export class RetryBudget {
  #tokens = TOKENS_MAX;

  succeed(): void {
    if (this.#tokens < TOKENS_MAX) this.#tokens += TOKENS_A_CALL;
  }

  /** Takes one retry. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
