// What goes wrong at a provider. Each dialect has its own words and its own place for the same trouble.

export type ProblemName =
  | 'badRequest'
  | 'contextOverflow'
  | 'policy'
  | 'badKey'
  | 'noCredit'
  | 'forbidden'
  | 'unknownModel'
  | 'tooLarge'
  | 'rate'
  | 'quotaSpent'
  | 'server'
  | 'overloaded'
  | 'timeout';

export interface Problem {
  readonly name: ProblemName;
  readonly status: number;
  readonly message: string;
  /** OpenAI's `code`. */
  readonly code?: string | undefined;
  /** OpenAI's `param`. */
  readonly param?: string | undefined;
  readonly retryAfterS?: number | undefined;
}

/** Why a provider will not take a request, in its own words. */
export interface Refusal {
  readonly message: string;
  /** 400 unless told otherwise. */
  readonly status?: number;
  readonly code?: string;
  readonly param?: string;
}

export type Complaints = Generator<Refusal, void, undefined>;

/** The trouble that a bare status stands for. */
export function problemOfStatus(status: number): ProblemName {
  return OF_STATUS[status] ?? (status < 500 ? 'badRequest' : 'server');
}

const OF_STATUS: Readonly<Record<number, ProblemName>> = {
  401: 'badKey',
  402: 'noCredit',
  403: 'forbidden',
  404: 'unknownModel',
  413: 'tooLarge',
  429: 'rate',
  503: 'overloaded',
  504: 'timeout',
  529: 'overloaded',
};
