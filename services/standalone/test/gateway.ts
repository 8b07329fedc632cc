import { ScriptedProvider } from '@ai-switch/testkit';
import { startStandalone } from './standalone-process.ts';

export const PROVIDER_KEY = 'sk-canary-of-the-provider';

/** Each alias is answered by the scripted provider in the dialect of its name. */
export const ALIASES = { chat: 'openai-chat', messages: 'anthropic-messages' } as const;
export type AliasName = keyof typeof ALIASES;

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
  readonly held: { readonly output: number };
  readonly used: { readonly output: number };
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
  for (const [alias, dialect] of Object.entries(ALIASES)) {
    const { baseUrl } = provider;
    const row = { kind: 'custom', dialect, baseUrl, credential: PROVIDER_KEY, models: [`upstream-${alias}`] };
    await admin('PUT', `/providers/${alias}-provider`, row);
    const resources = [{ provider: `${alias}-provider`, model: `upstream-${alias}` }];
    await admin('PUT', `/aliases/${alias}`, { resources });
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
      const { held, used } = await admin('GET', '/quotas/root');
      return { held: held.output, used: used.output };
    },
    [Symbol.asyncDispose]: async () => {
      await standalone[Symbol.asyncDispose]();
      await provider.close();
    },
  };
}
