// Two companies, with somebody of each role and something of every kind in each place: what the matrix of permissions is
// tried on.

import {
  AccessRecord,
  Amounts,
  AuditEvent,
  Bucket,
  type Ports,
  ReserveRequest,
  Role,
  SettleRequest,
  Subject,
} from '@ai-switch/contracts';
import type { DirectLog } from '@ai-switch/event-log';
import { newId } from '@ai-switch/kernel';
import { type Admin, openAdmin } from '../admin.ts';
import { openIssuer } from '../issuer.ts';

export const ROLES = ['root', 'companyAdmin', 'departmentAdmin', 'member'] as const;
export type RoleWord = (typeof ROLES)[number];

/** Seen from who acts: he himself, his department, one below it, one beside it, another company. */
export const PLACES = ['self', 'own', 'below', 'sibling', 'other'] as const;
export type Place = (typeof PLACES)[number];

export const CREDENTIALS = ['key', 'session'] as const;
export type Credential = (typeof CREDENTIALS)[number];

export interface Actor {
  readonly role: RoleWord;
  readonly userId: string;
  readonly headers: Readonly<Record<Credential, Readonly<Record<string, string>>>>;
}

export interface Target {
  readonly place: Place;
  readonly tenant: string;
  /** Of the place; '' for `self`. */
  readonly departmentId: string;
  readonly departmentPath: string;
  readonly userId: string;
  readonly projectId: string;
}

export interface World extends AsyncDisposable {
  readonly admin: Admin;
  readonly ports: Ports;
  readonly eventLog: DirectLog;
  /** Of an identity provider that answers. */
  readonly issuer: string;
  actor(role: RoleWord): Promise<Actor>;
  /** Another one, for what spoils him. */
  newActor(role: RoleWord): Promise<Actor>;
  target(place: Place, actor: Actor): Promise<Target>;
  /** As root, in the company of the target. */
  actorIn(tenant: string): { readonly tenant: string; readonly userId: string };
  fresh(prefix: string): string;
  freshUser(target: Target): Promise<string>;
}

const HOME = 'default';
const FOREIGN = 'other';
const DEPARTMENTS: Readonly<Record<Exclude<Place, 'self'>, readonly [id: string, parentId: string]>> = {
  own: ['own', ''],
  below: ['below', 'own'],
  sibling: ['sibling', ''],
  other: ['foreign', ''],
};
const ORIGIN = 'http://localhost';
const PASSWORD = 'a long enough passphrase 1';

export async function openWorld(): Promise<World> {
  const admin = await openAdmin();
  const { ports } = admin;
  const { organisation, signIn } = ports;
  const { caller } = await ports.auth.authenticate({ key: admin.rootKey });
  const rootId = caller?.userId ?? '';
  const issuer = await openIssuer();
  let made = 0;
  const fresh = (prefix: string) => `${prefix}-${++made}`;
  const actorIn = (tenant: string) => ({ tenant, userId: rootId });

  const newUser = async (tenant: string, departmentId: string) => {
    const name = fresh('user');
    const created = await organisation.createUser({ actor: actorIn(tenant), userId: '', name, departmentId });
    return { userId: created.user?.userId ?? '', name };
  };

  const newActor = async (role: RoleWord): Promise<Actor> => {
    const isBelowCompany = role === 'departmentAdmin' || role === 'member';
    const { userId, name } = await newUser(HOME, isBelowCompany ? 'own' : '');
    const actor = actorIn(HOME);
    if (role !== 'member') {
      const departmentId = role === 'departmentAdmin' ? 'own' : '';
      await organisation.grantRole({ actor, userId, role: GRANTED[role], departmentId });
    }
    await organisation.putProjectMember({ actor, projectId: 'joined', userId });
    const key = await newKey(ports, actor, userId, 'KEY_SCOPE_ADMIN');
    const session = await newSession(signIn, actor, { userId, name });
    return { role, userId, headers: { key: { 'x-api-key': key }, session } };
  };

  await organisation.createCompany({ actor: actorIn(HOME), tenant: FOREIGN, name: 'Another company' });
  const residents = new Map<Place, string>();
  for (const [place, [departmentId, parentId]] of Object.entries(DEPARTMENTS)) {
    const tenant = place === 'other' ? FOREIGN : HOME;
    const actor = actorIn(tenant);
    await organisation.createDepartment({ actor, departmentId, parentId, name: departmentId });
    residents.set(place as Place, (await newUser(tenant, departmentId)).userId);
    const projectId = `project-${departmentId}`;
    await organisation.createProject({ actor, projectId, name: projectId, departmentId });
  }
  const joined = { projectId: 'joined', name: 'Joined', departmentId: 'sibling' };
  await organisation.createProject({ actor: actorIn(HOME), ...joined });

  const actors = new Map<RoleWord, Promise<Actor>>();
  return {
    admin,
    ports,
    eventLog: admin.eventLog,
    issuer: issuer.url,
    fresh,
    actorIn,
    newActor,
    actor: (role) => {
      const known = actors.get(role) ?? newActor(role);
      actors.set(role, known);
      return known;
    },
    target: async (place, { userId }) => {
      const tenant = place === 'other' ? FOREIGN : HOME;
      const departmentId = place === 'self' ? '' : DEPARTMENTS[place][0];
      const { user } = await organisation.getUser({
        actor: actorIn(tenant),
        user: place === 'self' ? userId : (residents.get(place) ?? ''),
      });
      return {
        place,
        tenant,
        departmentId,
        departmentPath: user?.departmentPath ?? '',
        userId: user?.userId ?? '',
        projectId: place === 'self' ? 'joined' : `project-${departmentId}`,
      };
    },
    freshUser: async ({ tenant, departmentId }) => (await newUser(tenant, departmentId)).userId,
    [Symbol.asyncDispose]: async () => {
      await issuer.close();
      await admin[Symbol.asyncDispose]();
    },
  };
}

const GRANTED = {
  root: Role.ROOT,
  companyAdmin: Role.COMPANY_ADMIN,
  departmentAdmin: Role.DEPARTMENT_ADMIN,
} as const;

type KeyScopeName = 'KEY_SCOPE_ADMIN' | 'KEY_SCOPE_ADMIN_READ' | 'KEY_SCOPE_INFERENCE';

export async function newKey(
  { organisation }: Ports,
  actor: { readonly tenant: string; readonly userId: string },
  userId: string,
  scope: KeyScopeName,
): Promise<string> {
  const made = await organisation.createKey({
    actor,
    userId,
    label: '',
    models: [],
    networks: [],
    scopes: [scope],
    expiresAtMs: undefined,
    projectId: '',
  });
  return made.plaintext;
}

async function newSession(
  signIn: Ports['signIn'],
  actor: { readonly tenant: string; readonly userId: string },
  { userId, name }: { readonly userId: string; readonly name: string },
): Promise<Readonly<Record<string, string>>> {
  const clientAddress = '192.0.2.7';
  const { password } = await signIn.resetPassword({ actor, userId });
  const { session } = await signIn.signIn({
    tenant: actor.tenant,
    name,
    password,
    clientAddress,
    userAgent: 'a test',
  });
  await signIn.changePassword({
    actor: { tenant: actor.tenant, userId },
    currentPassword: password,
    newPassword: PASSWORD,
    sessionId: session?.caller?.sessionId ?? '',
    clientAddress,
  });
  return {
    cookie: `__Host-aiswitch=${session?.token}`,
    'x-csrf-token': session?.csrfToken ?? '',
    origin: ORIGIN,
  };
}

/** A request that was charged to somebody. */
export async function settledReservation(
  { ports, fresh }: World,
  { tenant, userId }: Target,
): Promise<string> {
  const reservationId = fresh('res');
  const subject = Subject.create({ userId });
  const amounts = Amounts.create({ output: 1n });
  const times = { ttlMs: 60_000n, ownerToken: 'owner', fingerprint: 'f' };
  await ports.quotaLedger.reserve(
    ReserveRequest.create({ tenant, reservationId, subject, amounts, ...times }),
  );
  await ports.quotaLedger.settle(
    SettleRequest.create({ tenant, reservationId, subject, actual: amounts, outcome: 'completed' }),
  );
  return reservationId;
}

export async function openBucket(
  { ports }: World,
  tenant: string,
  bucket: Parameters<typeof Bucket.create>[0],
): Promise<void> {
  const periodKind = bucket?.tier === 'TIER_SUPPLEMENTARY' ? 'PERIOD_KIND_WHOLE' : 'PERIOD_KIND_MONTH';
  const limits = { output: 1_000n };
  await ports.quotaLedger.putBucket({ bucket: Bucket.create({ tenant, limits, periodKind, ...bucket }) });
}

export async function recordAccess({ eventLog, fresh }: World, target: Target): Promise<string> {
  const { tenant, userId, departmentPath } = target;
  const requestId = fresh('req');
  const at = {
    startedAtMs: BigInt(Date.now()),
    usage: { input: 1n, output: 1n, cacheRead: 0n, cacheWrite: 0n },
  };
  await eventLog.access(AccessRecord.create({ requestId, tenant, userId, departmentPath, ...at }));
  return requestId;
}

export async function recordEvent(
  { eventLog }: World,
  target: Target,
  event: Parameters<typeof AuditEvent.create>[0],
): Promise<string> {
  const { tenant, userId, departmentPath } = target;
  // A list goes by ids; this one is the newest.
  const eventId = newId('evt');
  const who = { tenant, userId, departmentPath, actor: 'system', atMs: BigInt(Date.now()) };
  await eventLog.audit(AuditEvent.create({ eventId, ...who, ...event }));
  return eventId;
}
