// What providers say when they refuse, in every form they were seen to use, and how a refusal is told to a client.
// https://platform.openai.com/docs/guides/error-codes

import { isObject, listOf, numberOf, objectOf, parseJson, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { refusedCapability } from './capability-refusal.ts';
import { isContextOverflow } from './context-overflow.ts';
import { CODE_OF_BROAD_WORD, CODE_OF_STATUS, CODE_OF_WORD, CREDIT_WORDS } from './error-codes.ts';
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
  const miniMaxCode = numberOf(miniMax?.status_code) ?? 0;
  if (miniMaxCode !== 0) {
    const error = { code: `base_resp.${miniMaxCode}`, message: miniMax?.status_msg };
    return classify(status, finding(outer, error));
  }
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
    stringOf(error.error) ??
    detailText(error.detail ?? outer.detail) ??
    stringOf(outer.message) ??
    '';
  // Google tells in a detail that it is the key which is wrong, and calls it an argument otherwise.
  const reasons = listOf(error.details).map((detail) => objectOf(detail)?.reason);
  const codes = [...reasons, error.code, error.type, error.status, outer.code, outer.type];
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
  const known = codeOf(status, found);
  const isRefusal = known === 'invalid' || known === 'notFound' || known === 'contextOverflow';
  const capability = isRefusal ? refusedCapability(found.message) : undefined;
  const code = capability !== undefined && known === 'notFound' ? 'invalid' : known;
  const message = HIDDEN[code === 'upstream' ? hiddenKind(status, found) : ''] ?? cleaned(found.message);
  return {
    code,
    message: message === '' ? `The provider answered with HTTP status ${status}.` : message,
    ...(found.retryAfterMs !== undefined && { retryAfterMs: found.retryAfterMs }),
    ...(capability !== undefined && { capability }),
  };
}

function codeOf(status: number, found: Finding): ErrorCode {
  if (isContextOverflow(found.message, found.words)) return 'contextOverflow';
  const byStatus = CODE_OF_STATUS.get(status);
  for (const word of found.words) {
    const code = CODE_OF_WORD.get(word);
    if (code !== undefined) return code;
    const broad = CODE_OF_BROAD_WORD.get(word);
    if (broad !== undefined) return byStatus === undefined || status < 400 ? broad : byStatus;
  }
  return byStatus ?? (status >= 400 && status < 500 ? 'invalid' : 'unavailable');
}

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
