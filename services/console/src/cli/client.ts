import { CliError } from './cli-error.ts';

const TIMEOUT_MS = 30_000;
const PAGE_ROWS = 1_000;
/** `list` shows at most this much of one resource. */
const ROWS_MAX = 100_000;

export type Row = Readonly<Record<string, unknown>>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A thin client of the admin API. */
export interface Client {
  call(method: Method, path: string, body?: object): Promise<Row>;
  /** Every row of a list, page by page; or the first `rowsMax`. */
  list(
    path: string,
    parameters?: Readonly<Record<string, string>>,
    rowsMax?: number,
  ): Promise<readonly Row[]>;
}

export function createClient({
  url,
  key,
}: {
  readonly url: string;
  readonly key: string | undefined;
}): Client {
  const call = (method: Method, path: string, body?: object): Promise<Row> =>
    askGateway(url, key, method, `/api/admin/v1${path}`, body);
  const list: Client['list'] = async (path, parameters = {}, rowsMax = ROWS_MAX) => {
    const rows: Row[] = [];
    let after: unknown;
    do {
      const limit = Math.min(rowsMax - rows.length, path === '/quotas' ? 100 : PAGE_ROWS);
      const query = new URLSearchParams({ ...parameters, limit: String(limit) });
      if (typeof after === 'string') query.set('after', after);
      const page = await call('GET', `${path}?${query}`);
      if (!Array.isArray(page.items)) throw strangerAt(url);
      rows.push(...page.items);
      after = page.nextAfter;
    } while (after !== undefined && rows.length < rowsMax);
    return rows;
  };
  return { call, list };
}

/**
 * One request to the gateway.
 *
 * @throws CliError when it is refused, or nothing that is a gateway answers
 */
export async function askGateway(
  url: string,
  key: string | undefined,
  method: Method,
  path: string,
  body?: object,
): Promise<Row> {
  const response = await send(url, key, method, path, body);
  const reply = await readReply(response, url);
  if (!response.ok) throw refusal(response.status, reply, url);
  return reply;
}

/** A part of a path: an alias may hold a slash. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

async function send(
  url: string,
  key: string | undefined,
  method: Method,
  path: string,
  body: object | undefined,
): Promise<Response> {
  if (key === undefined) {
    throw new CliError(
      'no key: set AISWITCH_KEY or give --key. The first root key is printed once, at the first start; `npm start -- --new-root-key` makes another.',
    );
  }
  const address = URL.parse(`${url.replace(/\/+$/, '')}${path}`);
  if (address === null) throw new CliError(`${url} is no address; it is like http://127.0.0.1:8787`, 2);
  try {
    return await fetch(address, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new CliError(
      `${whyUnreachable(error)} at ${url}. Start it with \`npm start\`, or name another with --url.`,
    );
  }
}

function whyUnreachable(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'the gateway does not answer in time';
  return 'no gateway is running';
}

async function readReply(response: Response, url: string): Promise<Row> {
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  if (!isJson) throw strangerAt(url);
  return (await response.json()) as Row;
}

function strangerAt(url: string): CliError {
  return new CliError(`what answers at ${url} is no AI-Switch gateway`);
}

function refusal(status: number, problem: Row, url: string): CliError {
  const said = problem.detail ?? (problem.error as Row | undefined)?.message;
  const detail = typeof said === 'string' ? said : `the gateway answered ${status}`;
  const field =
    typeof problem.field === 'string' && !detail.includes(problem.field) ? ` (${problem.field})` : '';
  return new CliError(`${detail}${field}${hintFor(status, problem, url)}`);
}

function hintFor(status: number, { field }: Row, url: string): string {
  if (status === 401) return ` The key is from AISWITCH_KEY or --key, for ${url}.`;
  return field === 'credential' ? ' Give it with --credential-env <variable> or --credential-stdin.' : '';
}
