import { ScriptedProvider } from '@ai-switch/testkit';
import { startStandalone } from './standalone-process.ts';

export const PROVIDER_KEY = 'sk-canary-of-the-provider';

/** Each alias is answered by the scripted provider, in another dialect and as a provider of another kind. */
export const ALIASES = {
  chat: { kind: 'deepseek', dialect: 'openai-chat', model: 'deepseek-v4-pro' },
  responses: { kind: 'openai', dialect: 'openai-responses', model: 'gpt-5.5' },
  messages: { kind: 'anthropic', dialect: 'anthropic-messages', model: 'claude-opus-5-5' },
  gemini: { kind: 'gemini', dialect: 'gemini', model: 'gemini-3.8-flash' },
} as const;
/** One more for conversations that go from one to the next. */
export const ALL_ALIASES = {
  ...ALIASES,
  glm: { kind: 'zai', dialect: 'openai-chat', model: 'glm-5.2' },
} as const;
export type AliasName = keyof typeof ALIASES;
export const ALIAS_NAMES = Object.keys(ALIASES) as readonly AliasName[];

/** A gateway of any edition in front of a scripted provider. */
export interface Gateway extends AsyncDisposable {
  readonly url: string;
  /** Of a user without limits. */
  readonly key: string;
  readonly provider: ScriptedProvider;
  /** A key of a new user who may generate this many tokens a month. */
  limitedKey(outputTokens: number): Promise<string>;
  /** Output tokens that are held for requests under way, and that were charged so far, to the user of `key`. */
  outputTokens(): Promise<{ readonly held: number; readonly used: number }>;
}

interface Body {
  readonly plaintext: string;
  readonly balance: {
    readonly held: { readonly output: number };
    readonly used: { readonly output: number };
  };
}

/** The standalone, set up over its admin API. */
export async function openStandaloneGateway(dataPath: string): Promise<Gateway> {
  const standalone = await startStandalone(dataPath);
  return setUpGateway({ url: standalone.url, key: standalone.key ?? '' }, () =>
    standalone[Symbol.asyncDispose](),
  );
}

/**
 * A gateway at any address, of which only this key of a root user is known, set up over its admin API.
 * @param close lets go of it at the end
 */
export async function setUpGateway(
  { url, key }: { readonly url: string; readonly key: string },
  close: () => PromiseLike<void>,
): Promise<Gateway> {
  const provider = await ScriptedProvider.open();
  const admin = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}/api/admin/v1${path}`, {
      method,
      headers: { 'x-api-key': key },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return (await response.json()) as Body;
  };
  for (const [alias, { model, ...row }] of Object.entries(ALL_ALIASES)) {
    const { baseUrl } = provider;
    await admin('PUT', `/providers/${alias}-provider`, {
      ...row,
      baseUrl,
      credential: PROVIDER_KEY,
      models: [model],
    });
    await admin('PUT', `/aliases/${alias}`, { resources: [{ provider: `${alias}-provider`, model }] });
  }
  // Names of this run alone, for a gateway that others use as well.
  const prefix = `limited-${Date.now().toString(36)}`;
  let users = 0;
  return {
    url,
    key,
    provider,
    limitedKey: async (output) => {
      users += 1;
      const name = `${prefix}-${users}`;
      await admin('POST', '/users', { name });
      await admin('PATCH', `/quotas/${name}`, { output });
      return (await admin('POST', '/keys', { user: name })).plaintext;
    },
    outputTokens: async () => {
      const { balance } = await admin('GET', '/buckets/personal:root');
      return { held: balance.held.output, used: balance.used.output };
    },
    [Symbol.asyncDispose]: async () => {
      await close();
      await provider.close();
    },
  };
}
