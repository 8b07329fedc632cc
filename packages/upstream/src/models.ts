import type { Dispatcher, Pool } from 'undici';
import { credentialHeaders } from './credential-headers.ts';
import { DialGuard, DialRefusal } from './dial-guard.ts';
import type { ProviderAddress } from './providers.ts';

const TIMEOUT_MS = 3_000;
const BODY_BYTES_MAX = 4 * 1024 * 1024;
const MODELS_MAX = 1_000;
const PAGES_MAX = 10;
const MODEL_NAME_CHARACTERS_MAX = 128;

/** The names that a provider serves, or a few words that say why they could not be read. */
export type ModelList = { readonly models: readonly string[] } | { readonly reason: string };

export interface FetchModelsOptions {
  /** How long the whole call may take, in ms; 3,000 unless told otherwise. */
  readonly timeoutMs?: number;
  /** Lets nothing but https to the public internet through unless told otherwise. */
  readonly guard?: DialGuard;
}

/**
 * Asks a provider for its own list of models, `GET {baseUrl}/models`, page after page. Never throws, follows no redirect, and
 * its reason holds neither the credential nor a word of the answer.
 * Source: https://platform.openai.com/docs/api-reference/models/list, https://platform.claude.com/docs/en/api/models/list,
 * https://ai.google.dev/api/models#method:-models.list
 */
export async function fetchModels(
  provider: ProviderAddress,
  credential: string,
  { timeoutMs = TIMEOUT_MS, guard = new DialGuard() }: FetchModelsOptions = {},
): Promise<ModelList> {
  const headers = credentialHeaders(provider, credential);
  if (headers === undefined) return { reason: 'it has no list for a credential of this kind' };
  let pool: Pool | undefined;
  const signal = AbortSignal.timeout(timeoutMs);
  const names = new Set<string>();
  try {
    const opened = guard.openPool(provider.baseUrl, { connections: 1, maxResponseSize: BODY_BYTES_MAX });
    pool = opened.pool;
    for (let page: string | undefined = '', pages = 0; page !== undefined && pages < PAGES_MAX; pages += 1) {
      const { statusCode, body } = await pool.request({
        method: 'GET',
        path: opened.pathPrefix + modelsPath(provider, page),
        headers: { accept: 'application/json', ...versionHeaders(provider), ...headers },
        signal,
      });
      if (statusCode !== 200) return { reason: `it answered ${statusCode}` };
      const list = await readJson(body);
      const rows = rowsIn(list);
      if (rows === undefined) return { reason: 'it answered with something that is no list of models' };
      addNames(rows, names);
      page = names.size < MODELS_MAX ? nextPage(list) : undefined;
    }
    return { models: [...names] };
  } catch (error) {
    return { reason: reasonOf(error, timeoutMs) };
  } finally {
    // Also lets go of a body that is still under way.
    await pool?.destroy();
  }
}

/** @param page what the page before named; '' for the first */
function modelsPath({ dialect }: ProviderAddress, page: string): string {
  const query = new URLSearchParams();
  // Both give few at a time unless asked for more.
  if (dialect === 'anthropic-messages') query.set('limit', String(MODELS_MAX));
  if (dialect === 'gemini') query.set('pageSize', String(MODELS_MAX));
  if (page !== '') query.set(dialect === 'gemini' ? 'pageToken' : 'after_id', page);
  return query.size === 0 ? '/models' : `/models?${query}`;
}

/** Gemini names the next page, Anthropic the last model of this one. */
function nextPage(list: unknown): string | undefined {
  const { nextPageToken, has_more: hasMore, last_id: lastId } = list as Readonly<Record<string, unknown>>;
  const next = hasMore === true ? lastId : nextPageToken;
  return typeof next === 'string' && next !== '' ? next : undefined;
}

function versionHeaders({ dialect }: ProviderAddress): Readonly<Record<string, string>> {
  return dialect === 'anthropic-messages' ? { 'anthropic-version': '2023-06-01' } : {};
}

async function readJson(body: Dispatcher.ResponseData['body']): Promise<unknown> {
  return JSON.parse(await body.text());
}

function rowsIn(list: unknown): readonly unknown[] | undefined {
  if (typeof list !== 'object' || list === null) return undefined;
  const { data, models } = list as { readonly data?: unknown; readonly models?: unknown };
  const rows = data ?? models;
  // An empty list of Gemini's is no list: other programs answer `{"models": []}` on these ports.
  return Array.isArray(rows) && (data !== undefined || rows.length > 0) ? rows : undefined;
}

function addNames(rows: readonly unknown[], names: Set<string>): void {
  for (const row of rows) {
    if (names.size === MODELS_MAX) return;
    const {
      id,
      name,
      supportedGenerationMethods: methods,
    } = (row ?? {}) as Readonly<Record<string, unknown>>;
    const given = id ?? name;
    if (typeof given !== 'string' || !isOfUse(methods)) continue;
    // Gemini lists `models/gemini-…` and takes the name without its prefix, as people write it.
    const model = given.replace(/^models\//, '');
    if (isModelName(model)) names.add(model);
  }
}

/** Gemini also lists models of pictures and films, which answer to other calls. */
function isOfUse(methods: unknown): boolean {
  return !Array.isArray(methods) || methods.includes('generateContent') || methods.includes('embedContent');
}

function isModelName(name: string): boolean {
  return name.length <= MODEL_NAME_CHARACTERS_MAX && /^[^\s\p{C}]+$/u.test(name);
}

/** The codes of the socket and of undici say enough; their messages may quote a header. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'it could not be asked';
  if (error instanceof DialRefusal) return 'its address may not be called from here';
  if (error.name === 'TimeoutError') return `it did not answer within ${timeoutMs} ms`;
  if (error instanceof SyntaxError) return 'it answered with something that is no JSON';
  const code = (error as { readonly code?: unknown }).code;
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return `its answer is over ${BODY_BYTES_MAX} bytes`;
  return typeof code === 'string' ? `it could not be asked (${code})` : 'it could not be asked';
}
