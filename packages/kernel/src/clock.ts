/** Where the time comes from. A parameter everywhere, so that a test can hold, turn and replay it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
