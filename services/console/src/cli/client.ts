import createFetchClient from 'openapi-fetch';
import type { paths } from '../../generated/admin-api.ts';
import { CliError } from './cli-error.ts';

const ADMIN_PATH = '/api/admin/v1';
const COMPANY_HEADER = 'x-aiswitch-company';
const TIMEOUT_MS = 30_000;
const PAGE_ROWS = 1_000;
/** Each row of this list costs a call to the ledger. */
const QUOTA_ROWS = 100;
/** `list` shows at most this much of one resource. */
const ROWS_MAX = 100_000;

export type Row = Readonly<Record<string, unknown>>;
export type Path = keyof paths & string;
export type MethodOf<At extends Path> = Uppercase<keyof paths[At] & string>;

interface Operation {
  readonly parameters: { readonly path?: unknown; readonly query?: unknown; readonly header?: unknown };
  readonly requestBody?: unknown;
  readonly responses: { readonly 200: { readonly content?: unknown } };
}
type At<Of extends Path, Method extends string> = Extract<
  paths[Of][Lowercase<Method> & keyof paths[Of]],
  Operation
>;

type Part<Name extends string, Value> = [Exclude<Value, undefined>] extends [never]
  ? unknown
  : undefined extends Value
    ? { readonly [Key in Name]?: Value }
    : { readonly [Key in Name]: Value };

/** What an operation takes. */
export type InputOf<Of extends Path, Method extends string> = Part<
  'path',
  At<Of, Method>['parameters']['path']
> &
  Part<'query', At<Of, Method>['parameters']['query']> &
  Part<'header', At<Of, Method>['parameters']['header']> &
  Part<'body', BodyIn<At<Of, Method>['requestBody']>>;

/** What an operation answers. */
export type ReplyOf<Of extends Path, Method extends string> = JsonIn<At<Of, Method>['responses'][200]>;

type BodyIn<Body> = Body extends { readonly content: infer Content } ? Content[keyof Content] : undefined;
type JsonIn<Response> = Response extends { readonly content: { readonly 'application/json': infer Json } }
  ? Json
  : never;
export type ItemOf<Of extends Path> =
  ReplyOf<Of, 'GET'> extends { readonly items: readonly (infer Item)[] } ? Item : never;

/** A client of the admin API, typed by its document. */
export interface Client {
  call<Of extends Path, Method extends MethodOf<Of>>(
    method: Method,
    path: Of,
    ...input: unknown extends InputOf<Of, Method>
      ? []
      : Record<never, never> extends InputOf<Of, Method>
        ? [InputOf<Of, Method>?]
        : [InputOf<Of, Method>]
  ): Promise<ReplyOf<Of, Method>>;
  /** Every row of a list, page by page; or the first `rowsMax`. */
  list<Of extends Path>(
    path: Of,
    input?: Partial<Pick<InputOf<Of, 'GET'> & Parts, 'path' | 'query'>>,
    rowsMax?: number,
  ): Promise<readonly ItemOf<Of>[]>;
}

interface Parts {
  readonly path?: unknown;
  readonly query?: unknown;
}

export interface Connecting {
  readonly url: string;
  readonly key: string | undefined;
  /** Another than the key's own, for root. */
  readonly company?: string | undefined;
}

export function createClient({ url, key, company }: Connecting): Client {
  const fetcher = createFetchClient<Record<string, never>>({
    baseUrl: `${url.replace(/\/+$/, '')}${ADMIN_PATH}`,
    fetch: (request) => send(url, key, request),
    ...(company !== undefined && { headers: { [COMPANY_HEADER]: company } }),
  });
  const call = async (method: string, path: string, input: SomeInput = {}): Promise<Row> => {
    checkKey(url, key);
    const { body, ...params } = input;
    // Typed where it is called, by `Client`.
    const isCsv = typeof body === 'string';
    const { data, error, response } = (await fetcher.request(
      method.toLowerCase() as never,
      path as never,
      {
        params,
        body,
        ...(isCsv && { bodySerializer: String, headers: { 'content-type': 'text/csv' } }),
      } as never,
    )) as { readonly data?: Row; readonly error?: Row; readonly response: Response };
    if (data === undefined) throw refusal(response.status, error ?? {}, url);
    return data;
  };
  const list = async (path: string, input: SomeInput = {}, rowsMax = ROWS_MAX): Promise<readonly Row[]> => {
    const rows: Row[] = [];
    let after: unknown;
    do {
      const limit = Math.min(rowsMax - rows.length, path === '/quotas' ? QUOTA_ROWS : PAGE_ROWS);
      const query = { ...Object(input.query), limit, ...(after !== undefined && { after }) };
      const page = await call('GET', path, { ...input, query });
      if (!Array.isArray(page.items)) throw strangerAt(url);
      rows.push(...page.items);
      after = page.nextAfter;
    } while (after !== undefined && rows.length < rowsMax);
    return rows;
  };
  return { call, list } as unknown as Client;
}

interface SomeInput {
  readonly path?: unknown;
  readonly query?: unknown;
  readonly header?: unknown;
  readonly body?: unknown;
}

/**
 * One request to the gateway beside the admin API.
 *
 * @throws CliError when it is refused, or nothing that is a gateway answers
 */
export async function askGateway(url: string, key: string | undefined, path: string): Promise<Row> {
  checkKey(url, key);
  const response = await send(url, key, new Request(`${url.replace(/\/+$/, '')}${path}`));
  const reply = (await response.json()) as Row;
  if (!response.ok) throw refusal(response.status, reply, url);
  return reply;
}

/** @throws CliError before anything is sent */
function checkKey(url: string, key: string | undefined): void {
  if (key === undefined) {
    throw new CliError(
      'no key: set AISWITCH_KEY or give --key. The first root key is printed once, at the first start; `npm start -- --new-root-key` makes another.',
    );
  }
  if (!URL.canParse(url)) throw new CliError(`${url} is no address; it is like http://127.0.0.1:8787`, 2);
}

/** @throws CliError for what does not answer, or not in JSON */
async function send(url: string, key: string | undefined, request: Request): Promise<Response> {
  request.headers.set('authorization', `Bearer ${key}`);
  let response: Response;
  try {
    response = await fetch(request, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new CliError(
      `${whyUnreachable(error)} at ${url}. Start it with \`npm start\`, or name another with --url.`,
    );
  }
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  if (!isJson) throw strangerAt(url);
  return response;
}

function whyUnreachable(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'the gateway does not answer in time';
  return 'no gateway is running';
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
