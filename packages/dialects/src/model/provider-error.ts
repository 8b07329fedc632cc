// What providers say when they refuse, in every form they were seen to use, and how a refusal is told to a client.
// https://platform.openai.com/docs/guides/error-codes

import { isObject, listOf, numberOf, objectOf, parseJson, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { ErrorCode, ProviderError } from './event.ts';

/**
 * Never shows what concerns the gateway's own account with the provider, nor a key, an address or an account id.
 * @param body JSON of any form, HTML, or nothing
 */
export function readError(status: number, body: string): ProviderError {
  const parsed = parseJson(body.trim());
  const found = parsed === undefined ? undefined : errorIn(status, parsed, true);
  return (
    found ?? classify(status, { message: `The provider answered with HTTP status ${status}.`, words: [] })
  );
}

/**
 * The error that a body holds, undefined when it holds none.
 * @param isError true when the status or the event's name already says that it is one
 */
export function errorIn(
  status: number,
  body: JsonValue | undefined,
  isError: boolean,
): ProviderError | undefined {
  const outer = Array.isArray(body) ? objectOf(body[0]) : objectOf(body);
  if (outer === undefined) return undefined;
  const miniMax = objectOf(outer.base_resp);
  if (numberOf(miniMax?.status_code)) return classify(status, finding(outer, miniMax ?? {}));
  if (isObject(outer.error)) return classify(status, finding(outer, outer.error));
  if (typeof outer.error === 'string' && outer.error !== '') {
    return classify(status, finding(outer, { message: outer.error }));
  }
  return isError || isErrorLike(outer) ? classify(status, finding(outer, outer)) : undefined;
}

/** vLLM, FastAPI and DashScope put the error's fields at the top. */
function isErrorLike(body: JsonObject): boolean {
  if (body.object === 'error' || body.type === 'error') return true;
  if ('choices' in body || 'usage' in body) return false;
  return 'detail' in body || ('code' in body && 'message' in body);
}

/** More of a provider's text is of use to nobody; it bounds the work of the patterns below as well. */
const MESSAGE_CHARACTERS_MAX = 1_000;

interface Finding {
  readonly message: string;
  /** Codes, types and states, in lower case. */
  readonly words: readonly string[];
  readonly retryAfterMs?: number | undefined;
  readonly status?: number | undefined;
}

function finding(outer: JsonObject, error: JsonObject): Finding {
  const message =
    stringOf(error.message) ??
    stringOf(error.status_msg) ??
    stringOf(error.error) ??
    detailText(error.detail ?? outer.detail) ??
    stringOf(outer.message) ??
    '';
  const codes = [error.code, error.type, error.status, error.status_code, outer.code, outer.type];
  const words = codes
    .filter((code) => typeof code === 'string' || typeof code === 'number')
    .map((code) => String(code).toLowerCase());
  const numeric = words.map(Number).find((code) => code >= 400 && code < 600);
  return {
    message: message.slice(0, MESSAGE_CHARACTERS_MAX),
    words,
    retryAfterMs: retryDelayMs(error, message.slice(0, MESSAGE_CHARACTERS_MAX)),
    status: numeric,
  };
}

/** FastAPI: a string, or a list of what is wrong where. */
function detailText(detail: JsonValue | undefined): string | undefined {
  if (typeof detail === 'string') return detail;
  const first = objectOf(listOf(detail)[0]);
  const message = stringOf(first?.msg);
  return message === undefined ? undefined : `${listOf(first?.loc).join('.')}: ${message}`;
}

function classify(sentStatus: number, found: Finding): ProviderError {
  const status = sentStatus >= 400 ? sentStatus : (found.status ?? sentStatus);
  const code = codeOf(status, found);
  const message = HIDDEN[code === 'upstream' ? hiddenKind(status, found) : ''] ?? cleaned(found.message);
  return {
    code,
    message: message === '' ? `The provider answered with HTTP status ${status}.` : message,
    ...(found.retryAfterMs !== undefined && { retryAfterMs: found.retryAfterMs }),
  };
}

function codeOf(status: number, found: Finding): ErrorCode {
  if (isContextOverflow(found)) return 'contextOverflow';
  const byStatus = CODE_OF_STATUS.get(status);
  for (const word of found.words) {
    const code = CODE_OF_WORD.get(word);
    if (code !== undefined) return code;
    const broad = CODE_OF_BROAD_WORD.get(word);
    if (broad !== undefined) return byStatus === undefined || status < 400 ? broad : byStatus;
  }
  return byStatus ?? (status >= 400 && status < 500 ? 'invalid' : 'unavailable');
}

/** `upstream` stands for what is wrong with the gateway's own account, of which a client learns nothing more. */
const CODE_OF_STATUS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [200, 'upstream'],
  [401, 'upstream'],
  [402, 'upstream'],
  [403, 'upstream'],
  [404, 'notFound'],
  [408, 'deadline'],
  [409, 'conflict'],
  [413, 'tooLarge'],
  [429, 'rateLimited'],
  [503, 'overloaded'],
  [504, 'deadline'],
  [529, 'overloaded'],
]);

const CODE_OF_WORD: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['insufficient_quota', 'upstream'],
  ['billing_hard_limit_reached', 'upstream'],
  ['billing_error', 'upstream'],
  ['arrearage', 'upstream'],
  ['invalid_api_key', 'upstream'],
  ['invalidapikey', 'upstream'],
  ['authentication_error', 'upstream'],
  ['permission_error', 'upstream'],
  ['permission_denied', 'upstream'],
  ['unauthenticated', 'upstream'],
  ['model_not_found', 'notFound'],
  ['not_found', 'notFound'],
  ['not_found_error', 'notFound'],
  ['rate_limit_exceeded', 'rateLimited'],
  ['rate_limit_error', 'rateLimited'],
  ['resource_exhausted', 'rateLimited'],
  ['throttling', 'rateLimited'],
  ['throttling.ratequota', 'rateLimited'],
  ['throttling.allocationquota', 'rateLimited'],
  // GLM: 1302 too many at once, 1303 too often, 1305 too many for the model; 1113 no credit.
  ['1302', 'rateLimited'],
  ['1303', 'rateLimited'],
  ['1305', 'overloaded'],
  ['1113', 'upstream'],
  // MiniMax: 1002 rate limit, 1008 no credit, 1004 credential.
  ['1002', 'rateLimited'],
  ['1008', 'upstream'],
  ['1004', 'upstream'],
  ['server_is_overloaded', 'overloaded'],
  ['overloaded_error', 'overloaded'],
  ['slow_down', 'overloaded'],
  ['unavailable', 'overloaded'],
  ['deadline_exceeded', 'deadline'],
  ['timeout', 'deadline'],
  ['timeout_error', 'deadline'],
  ['request_too_large', 'tooLarge'],
  ['invalidparameter', 'invalid'],
  ['invalid_prompt', 'invalid'],
  ['content_policy_violation', 'invalid'],
  ['data_inspection_failed', 'invalid'],
]);

/** Words that say less than a status that has a meaning of its own: OpenAI's 401 is an `invalid_request_error` too. */
const CODE_OF_BROAD_WORD: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['invalid_argument', 'invalid'],
  ['invalid_request_error', 'invalid'],
  ['badrequesterror', 'invalid'],
  ['server_error', 'unavailable'],
  ['api_error', 'unavailable'],
  ['internal', 'unavailable'],
]);

const HIDDEN: Readonly<Record<string, string>> = {
  credential: "The provider refused the gateway's own credential. Please tell the administrator.",
  credit: "The gateway's account with the provider has no credit. Please tell the administrator.",
};

function hiddenKind(status: number, found: Finding): string {
  const isCredit = status === 402 || found.words.some((word) => CREDIT_WORDS.has(word));
  if (isCredit) return 'credit';
  const isCredential =
    status === 401 || status === 403 || found.words.some((word) => CODE_OF_WORD.get(word) === 'upstream');
  return isCredential ? 'credential' : '';
}

const CREDIT_WORDS = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_error',
  'arrearage',
  '1113',
  '1008',
]);

function isContextOverflow(found: Finding): boolean {
  return found.words.some((word) => OVERFLOW_WORDS.has(word)) || OVERFLOW_TEXT.test(found.message);
}

const OVERFLOW_WORDS = new Set([
  'context_length_exceeded',
  'model_context_window_exceeded',
  'prompt_too_long',
]);

/** The wordings by which programming tools know an overflow, of all providers. */
const OVERFLOW_TEXT = new RegExp(
  [
    'prompt is too long',
    'maximum context length',
    'exceeds? the (?:model.?s )?(?:maximum )?context (?:window|length|size)',
    "longer than the model's context length",
    'exceeds the available context size',
    'input (?:token length too long|token count .{0,40}exceeds the maximum)',
    'maximum prompt length',
    'prompt exceeds max length',
    'range of input length should be',
    'context window exceeds limit',
    'reduce the length of the messages',
  ].join('|'),
  'i',
);

/** Google's RetryInfo, and the words that OpenAI puts into its message. */
function retryDelayMs(error: JsonObject, message: string): number | undefined {
  for (const detail of listOf(error.details)) {
    const delay = /^([\d.]+)s$/.exec(stringOf(objectOf(detail)?.retryDelay) ?? '');
    if (delay !== null) return Math.ceil(Number(delay[1]) * 1000);
  }
  const wait = /try again in (?:(\d+)m(?!s))?\s*(?:([\d.]+)\s*(ms|s(?:ec\w*)?)\b)?/i.exec(message);
  if (wait === null || (wait[1] === undefined && wait[2] === undefined)) return undefined;
  const rest = Number(wait[2] ?? 0) * (wait[3]?.toLowerCase() === 'ms' ? 1 : 1000);
  return Math.ceil(Number(wait[1] ?? 0) * 60_000 + rest);
}

/** Keys, account ids and addresses stand in the messages of several providers. */
function cleaned(message: string): string {
  return message
    .replaceAll(/\bhttps?:\/\/\S+/gi, '[address]')
    .replaceAll(/\b(?:sk|xai|gsk|key|org|proj|acct|user)[-_][A-Za-z0-9_*-]{6,}/g, '[hidden]')
    .replaceAll(/\bAIza[\w-]{10,}/g, '[hidden]')
    .replaceAll(/\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b/g, '[address]')
    .trim();
}
