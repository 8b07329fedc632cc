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
  const provider = await ScriptedProvider.open();
  const standalone = await startStandalone(dataPath);
  const key = standalone.key ?? '';
  const admin = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${standalone.url}/api/admin/v1${path}`, {
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
  let users = 0;
  return {
    url: standalone.url,
    key,
    provider,
    limitedKey: async (output) => {
      users += 1;
      await admin('POST', '/users', { name: `limited-${users}` });
      await admin('PATCH', `/quotas/limited-${users}`, { output });
      return (await admin('POST', '/keys', { user: `limited-${users}` })).plaintext;
    },
    outputTokens: async () => {
      const { balance } = await admin('GET', '/buckets/personal:root');
      return { held: balance.held.output, used: balance.used.output };
    },
    [Symbol.asyncDispose]: async () => {
      await standalone[Symbol.asyncDispose]();
      await provider.close();
    },
  };
}
