import { setTimeout as sleep } from 'node:timers/promises';
import { startStandalone } from '../standalone.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { Upstream } from './upstreams.ts';

/** AI-Switch standalone as clients reach it. Cells use it one after the other: a model's name leads to one provider. */
export interface Gateway extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  /**
   * Has `models` answered by a scripted provider in the upstream's dialect. The row is a new one each time, so that nothing
   * that the gateway learned about a provider before counts.
   *
   * @returns what takes it back
   */
  lead(models: readonly string[], upstream: Upstream, providerUrl: string): Promise<AsyncDisposable>;
  /** What the gateway wrote down about the requests since then, once all of it is written. */
  log(sinceMs: number): Promise<readonly LogRow[]>;
}

/** What is looked at of a row of the access log. */
export interface LogRow {
  readonly startedAtMs: number | string;
  readonly alias: string;
  readonly httpStatus: number;
  readonly outcome: string;
}

/** Longer than the access log gathers rows before it writes them. */
const LOG_DELAY_MS = 500;
const LOG_ROWS_MAX = 200;

export async function openGateway(): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder('clients-gateway'));
  const standalone = await startStandalone(folder.path);
  stack.defer(standalone.close);
  const url = `http://127.0.0.1:${standalone.port}`;
  const admin = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`${url}/api/admin/v1${path}`, {
      method,
      headers: { 'x-api-key': standalone.apiKey, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : await response.json();
  };
  const put = (path: string, body: object) => admin('PUT', path, body);
  let rows = 0;
  const all = stack.move();
  return {
    url,
    key: standalone.apiKey,
    lead: async (models, upstream, providerUrl) => {
      rows += 1;
      const provider = `${upstream.name}-${rows}`;
      const { kind, dialect, model, version } = upstream;
      const baseUrl = new URL(version, providerUrl).href;
      await put(`/providers/${provider}`, {
        kind,
        dialect,
        baseUrl,
        credential: CREDENTIAL,
        models: [model],
      });
      for (const alias of models) {
        await put(`/aliases/${encodeURIComponent(alias)}`, { resources: [{ provider, model }] });
      }
      return {
        [Symbol.asyncDispose]: async () => {
          for (const alias of models) await admin('DELETE', `/aliases/${encodeURIComponent(alias)}`);
          await admin('DELETE', `/providers/${provider}`);
        },
      };
    },
    log: async (sinceMs) => {
      await sleep(LOG_DELAY_MS);
      const page = (await admin('GET', `/access-log?limit=${LOG_ROWS_MAX}`)) as {
        readonly items: LogRow[];
      };
      return page.items.filter(({ startedAtMs }) => Number(startedAtMs) >= sinceMs);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** The provider's, which no client may ever see. */
export const CREDENTIAL = 'sk-canary-of-the-provider';
