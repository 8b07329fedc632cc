import { Agent, type Dispatcher, request } from 'undici';
import { credentialHeaders, type ProviderAddress } from './providers.ts';

const TIMEOUT_MS = 3_000;
const BODY_BYTES_MAX = 4 * 1024 * 1024;
const MODELS_MAX = 1_000;
const MODEL_NAME_CHARACTERS_MAX = 128;

/** The names that a provider serves, or a few words that say why they could not be read. */
export type ModelList = { readonly models: readonly string[] } | { readonly reason: string };

export interface FetchModelsOptions {
  /** How long the whole call may take, in ms; 3,000 unless told otherwise. */
  readonly timeoutMs?: number;
}

/**
 * Asks a provider for its own list of models, `GET {baseUrl}/models`. Never throws, follows no redirect, and its reason
 * holds neither the credential nor a word of the answer.
 * Source: https://platform.openai.com/docs/api-reference/models/list, https://platform.claude.com/docs/en/api/models/list
 */
export async function fetchModels(
  provider: ProviderAddress,
  credential: string,
  { timeoutMs = TIMEOUT_MS }: FetchModelsOptions = {},
): Promise<ModelList> {
  const agent = new Agent({ connections: 1, maxResponseSize: BODY_BYTES_MAX });
  try {
    const { statusCode, body } = await request(modelsUrl(provider), {
      method: 'GET',
      headers: {
        accept: 'application/json',
        ...versionHeaders(provider),
        ...credentialHeaders(provider, credential),
      },
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
    });
    return statusCode === 200 ? namesIn(await readJson(body)) : { reason: `it answered ${statusCode}` };
  } catch (error) {
    return { reason: reasonOf(error, timeoutMs) };
  } finally {
    // Also lets go of a body that is still under way.
    await agent.destroy();
  }
}

function modelsUrl({ dialect, baseUrl }: ProviderAddress): string {
  // Anthropic pages its list by 20 unless asked for more.
  return dialect === 'anthropic-messages' ? `${baseUrl}/models?limit=${MODELS_MAX}` : `${baseUrl}/models`;
}

function versionHeaders({ dialect }: ProviderAddress): Readonly<Record<string, string>> {
  return dialect === 'anthropic-messages' ? { 'anthropic-version': '2023-06-01' } : {};
}

async function readJson(body: Dispatcher.ResponseData['body']): Promise<unknown> {
  return JSON.parse(await body.text());
}

function namesIn(list: unknown): ModelList {
  const rows = (list as { readonly data?: unknown } | null)?.data;
  if (!Array.isArray(rows)) return { reason: 'it answered with something that is no list of models' };
  const names = new Set<string>();
  for (const row of rows) {
    const id = (row as { readonly id?: unknown } | null)?.id;
    if (typeof id === 'string') {
      // Gemini lists `models/gemini-…` and takes the name without its prefix, as people write it.
      const name = id.replace(/^models\//, '');
      if (isModelName(name)) names.add(name);
    }
    if (names.size === MODELS_MAX) break;
  }
  return { models: [...names] };
}

function isModelName(name: string): boolean {
  return name.length <= MODEL_NAME_CHARACTERS_MAX && /^[^\s\p{C}]+$/u.test(name);
}

/** The codes of the socket and of undici say enough; their messages may quote a header. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'it could not be asked';
  if (error.name === 'TimeoutError') return `it did not answer within ${timeoutMs} ms`;
  if (error instanceof SyntaxError) return 'it answered with something that is no JSON';
  const code = (error as { readonly code?: unknown }).code;
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return `its answer is over ${BODY_BYTES_MAX} bytes`;
  return typeof code === 'string' ? `it could not be asked (${code})` : 'it could not be asked';
}
