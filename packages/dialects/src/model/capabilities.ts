/** What a provider or a model can do. What is absent is as its dialect and the model's name say. */
export interface Capabilities {
  readonly images?: boolean;
  readonly documents?: boolean;
  readonly tools?: boolean;
  /** A call, or the call of one tool, can be forced. */
  readonly toolChoice?: boolean;
  /** Several calls at once can be forbidden. */
  readonly parallelToolCalls?: boolean;
  readonly outputSchema?: boolean;
  /** JSON of any form can be asked for. Only where true does it stand in for a schema. */
  readonly jsonMode?: boolean;
  readonly reasoning?: boolean;
  /** Temperature and all else that steers the choice of words. */
  readonly sampling?: boolean;
  readonly stop?: boolean;
  /** System text may stand in the middle of a conversation. */
  readonly systemTurns?: boolean;
  /** Marks of what to cache are taken, also in dialects that have none. */
  readonly cacheControl?: boolean;
  readonly webSearch?: boolean;
  /** There is an endpoint that counts tokens. */
  readonly countTokens?: boolean;
  readonly isStreamOnly?: boolean;
  readonly outputTokensMax?: number;
  readonly temperatureMax?: number;
}
