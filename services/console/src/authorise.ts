// Who calls, and whether a route is for him. A request brings an API key or a session's cookie; one that brings both is
// judged by the key. A cookie comes along with whatever page a browser shows: a session's writes have to bring the token that
// only our own pages know, and to come from our own origin.
//
// Auth that does not answer lets nobody in.

import { timingSafeEqual } from 'node:crypto';
import { type Actor, type Caller, KeyScope, type Ports, Role, Scope } from '@ai-switch/contracts';
import { AddressSet, Fault } from '@ai-switch/kernel';
import { isWrite, type Permission, type Route } from './routes/route.ts';
import { isBelow } from './words.ts';

export const SESSION_COOKIE = '__Host-aiswitch';
export const CSRF_HEADER = 'x-csrf-token';
/** By which root names a company; every route takes it. */
export const COMPANY_PARAMETER = 'company';
export const COMPANY_HEADER = 'x-aiswitch-company';

export interface Authorised {
  readonly caller: Caller;
  readonly isPasswordChangeDue: boolean;
  /** The company that the request is about. */
  readonly tenant: string;
  readonly actor: Actor;
  readonly scope: Scope;
}

/** What a request says of itself that matters to who may. */
export interface Presented {
  readonly headers: Headers;
  readonly sessionToken: string | undefined;
  /** A company that is named besides the caller's own. */
  readonly company: string | undefined;
  /** The host that the browser sees. */
  readonly host: string;
  /** Empty: nobody knows. */
  readonly clientAddress: string;
}

/** Stands before a question whether a key is good, for whoever counts guesses. */
export type JudgeKey = <Answer>(address: string, key: string, ask: () => Promise<Answer>) => Promise<Answer>;

const LEAST_ROLE: Readonly<Record<Exclude<Permission, 'anyone'>, Role>> = {
  member: Role.MEMBER,
  departmentAdmin: Role.DEPARTMENT_ADMIN,
  companyAdmin: Role.COMPANY_ADMIN,
  root: Role.ROOT,
};

/** @throws Fault `unauthenticated` without a credential in force, `forbidden` without the permission, `notFound` for a company */
export async function authorise(
  { auth, organisation }: Pick<Ports, 'auth' | 'organisation'>,
  judgeKey: JudgeKey,
  presented: Presented,
  route: Route & { readonly permission: Exclude<Permission, 'anyone'> },
): Promise<Authorised> {
  const key = keyIn(presented.headers);
  const { caller, isPasswordChangeDue } =
    key === undefined
      ? await bySession(auth, presented, route)
      : await judgeKey(presented.clientAddress, key, () => byKey(auth, key));
  permitNetwork(caller, presented.clientAddress);
  if (key !== undefined) permitScope(caller, isWrite(route));
  if (isBelow(caller.role, LEAST_ROLE[route.permission])) {
    throw new Fault('forbidden', `This needs the role ${route.permission}.`);
  }
  const tenant = presented.company ?? caller.tenant;
  const actor: Actor = { tenant, userId: caller.userId };
  const who = { caller, isPasswordChangeDue, tenant, actor };
  if (tenant === caller.tenant) return { ...who, scope: Scope.create(caller.scope) };
  if (caller.role !== Role.ROOT) throw new Fault('notFound', 'There is no such company.');
  // Services that know no companies are asked about this one next.
  await organisation.getCompany({ actor });
  const scope = { tenant, isWholeCompany: true, departmentPaths: [], userId: '' };
  return { ...who, scope };
}

type Known = Pick<Authorised, 'caller' | 'isPasswordChangeDue'>;

/** A page of another site may neither use a session nor begin one. @throws Fault `forbidden` */
export function refuseOtherSites({ headers, host }: Presented, isProofNeeded: boolean): void {
  const site = headers.get('sec-fetch-site');
  const origin = headers.get('origin');
  const isOurs = origin !== null ? URL.parse(origin)?.host === host : site === 'same-origin';
  const isUnsaid = origin === null && site === null;
  if (isOurs && (site === null || site === 'same-origin')) return;
  if (isUnsaid && !isProofNeeded) return;
  throw new Fault('forbidden', 'A session is for pages of this address: the request came from another.');
}

async function byKey(auth: Ports['auth'], key: string): Promise<Known> {
  const { caller } = await auth.authenticate({ key });
  if (caller === undefined) throw new Fault('internal', 'Auth answered without a caller.');
  return { caller, isPasswordChangeDue: false };
}

/** @throws Fault `forbidden` for a key of another use */
function permitScope({ keyScopes }: Caller, isWriting: boolean): void {
  const isEnough =
    keyScopes.includes(KeyScope.ADMIN) || (!isWriting && keyScopes.includes(KeyScope.ADMIN_READ));
  if (isEnough) return;
  const scope = isWriting ? '`admin`' : '`adminRead` or `admin`';
  throw new Fault('forbidden', `This key is not for the admin API: a key with the scope ${scope} is.`);
}

async function bySession(auth: Ports['auth'], presented: Presented, route: Route): Promise<Known> {
  const { sessionToken: token, headers } = presented;
  if (token === undefined) {
    throw new Fault(
      'unauthenticated',
      'The admin API needs a key: send it as `Authorization: Bearer <key>` or as `x-api-key`. Or sign in with `POST /session`.',
    );
  }
  const { caller, isPasswordChangeDue } = await auth.authenticateSession({ token });
  if (caller === undefined) throw new Fault('internal', 'Auth answered without a caller.');
  if (isWrite(route)) {
    refuseOtherSites(presented, true);
    if (!isSame(headers.get(CSRF_HEADER) ?? '', caller.csrfToken)) {
      throw new Fault('forbidden', `A session's changes need its token in the header ${CSRF_HEADER}.`);
    }
  }
  if (isPasswordChangeDue && route.isForEverySession !== true) {
    throw new Fault('forbidden', 'The password has to be changed first, with `PUT /session/password`.', {
      details: { reason: 'passwordChangeDue' },
    });
  }
  return { caller, isPasswordChangeDue };
}

/** @throws Fault `forbidden` when the key or a policy does not allow it; which networks they do is not said */
function permitNetwork({ networks }: Caller, address: string): void {
  if (networks.every((list) => new AddressSet(list.networks).has(address))) return;
  throw new Fault('forbidden', 'This may not be used from this network.', { details: { field: 'network' } });
}

/** In constant time; nothing is the same as no token. */
function isSame(given: string, wanted: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(wanted)];
  return wanted !== '' && left.length === right.length && timingSafeEqual(left, right);
}

function keyIn(headers: Headers): string | undefined {
  const bearer = /^Bearer +(\S+)\s*$/i.exec(headers.get('authorization') ?? '')?.[1];
  return bearer ?? (headers.get('x-api-key') || undefined);
}
