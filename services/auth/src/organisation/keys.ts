import { KeyScope, type Organisation } from '@ai-switch/contracts';
import type { Change } from '@ai-switch/event-log';
import { Fault } from '@ai-switch/kernel';
import { type Authority, type AuthRows, authorityOf } from '../authority.ts';
import { record, wordOf } from '../changes.ts';
import { digestOf, makeKey, makeSecret, writeKey } from '../key-rules.ts';
import {
  checkExpiry,
  checkId,
  checkKeyScopes,
  checkLabel,
  checkModels,
  checkNetworks,
  checkRevision,
  invalid,
  pageOf,
  readPage,
} from '../request-rules.ts';
import { roleOf } from '../role-rules.ts';
import type { OrganisationContext } from './context.ts';
import { projectIdsOf } from './projects.ts';
import { keyOf } from './rows.ts';
import type { ApiKeyRow, UserRow } from './schema.ts';
import { lockTree } from './tree.ts';
import { findUserById } from './users.ts';

type Calls = Pick<
  Organisation,
  'createKey' | 'getKey' | 'listKeys' | 'updateKey' | 'rotateKey' | 'revokeKey'
>;

/** Keys of one user that are in force at once. */
const KEYS_PER_USER_MAX = 1_000;
/** How long an older secret may go on: 30 days. */
const OVERLAP_MS_MAX = 2_592_000_000n;

export function keyCalls({ database, clock, pepper, onChange }: OrganisationContext): Calls {
  /** Changes one key that the actor may change, whose row is held meanwhile. */
  const change = async (
    actor: Parameters<typeof authorityOf>[1],
    keyId: string,
    changed: (row: ApiKeyRow) => Partial<ApiKeyRow>,
    event: Pick<Change, 'action' | 'details'>,
  ) => {
    checkId('keyId', keyId);
    const authority = await authorityOf(database, actor);
    const row = await database.within(authority.scope, async (rows) => {
      const before = await findKey(rows, keyId);
      await mustSpeakFor(rows, authority, before.user_id);
      const after = { ...before, ...changed(before) };
      await rows.updateTable('api_keys').set(after).where('key_id', '=', keyId).execute();
      await record(rows, authority, { ...event, ...concerning(after) });
      return after;
    });
    onChange(authority.tenant);
    return { key: keyOf(row, clock.nowMs()) };
  };

  return {
    createKey: async ({ actor, userId, label, models, expiresAtMs, projectId, scopes, networks }) => {
      checkId('userId', userId);
      checkLabel(label);
      checkModels(models);
      checkKeyScopes(scopes);
      checkNetworks(networks);
      const nowMs = clock.nowMs();
      checkExpiry(expiresAtMs, nowMs);
      const authority = await authorityOf(database, actor);
      const { keyId, secret, text } = makeKey(nowMs);
      const row = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'share');
        const user = await mustSpeakFor(rows, authority, userId);
        await checkProject(rows, userId, projectId);
        await checkCount(rows, userId);
        const made = await insertKey(rows, user, {
          keyId,
          digest: digestOf(secret, pepper),
          label,
          models,
          networks,
          scopes: scopes.length === 0 ? [KeyScope.INFERENCE] : scopes,
          projectId,
          expiresAtMs,
          nowMs,
        });
        await record(rows, authority, {
          action: 'key.create',
          ...concerning(made),
          details: {
            label,
            models: models.join(' '),
            networks: networks.join(' '),
            scopes: (JSON.parse(made.scopes) as string[])
              .map((scope) => wordOf('KEY_SCOPE', scope))
              .join(' '),
            projectId,
          },
        });
        return made;
      });
      return { key: keyOf(row, nowMs), plaintext: text };
    },

    getKey: async ({ actor, keyId }) => {
      checkId('keyId', keyId);
      const { scope } = await authorityOf(database, actor);
      return { key: keyOf(await database.within(scope, (rows) => findKey(rows, keyId)), clock.nowMs()) };
    },

    listKeys: async ({ actor, userId, page }) => {
      const wanted = readPage(page);
      if (userId !== '') checkId('userId', userId);
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, (rows) =>
        rows
          .selectFrom('api_keys')
          .selectAll()
          .where('key_id', '>', wanted.after)
          .$if(userId !== '', (all) => all.where('user_id', '=', userId))
          .orderBy('key_id')
          .limit(wanted.rowsMax + 1)
          .execute(),
      );
      const nowMs = clock.nowMs();
      const { items, nextAfter } = pageOf(
        found,
        wanted,
        (row) => keyOf(row, nowMs),
        (row) => row.key_id,
      );
      return { keys: items, nextAfter };
    },

    updateKey: async ({ actor, keyId, label, models, networks, expiresAtMs, expectedRevision }) => {
      if (label !== undefined) checkLabel(label);
      if (models !== undefined) checkModels(models.models);
      if (networks !== undefined) checkNetworks(networks.networks);
      if (expiresAtMs !== 0n) checkExpiry(expiresAtMs, clock.nowMs());
      const update = (before: ApiKeyRow) => {
        checkRevision(expectedRevision, before.revision);
        return {
          ...(label !== undefined && { label }),
          ...(models !== undefined && { models: JSON.stringify(models.models) }),
          ...(networks !== undefined && { networks: JSON.stringify(networks.networks) }),
          ...(expiresAtMs !== undefined && { expires_at_ms: expiresAtMs === 0n ? null : expiresAtMs }),
          revision: before.revision + 1n,
        };
      };
      const details = {
        ...(label !== undefined && { label }),
        ...(models !== undefined && { models: models.models.join(' ') }),
        ...(networks !== undefined && { networks: networks.networks.join(' ') }),
        ...(expiresAtMs !== undefined && { expiresAtMs: expiresAtMs === 0n ? 'never' : String(expiresAtMs) }),
      };
      return change(actor, keyId, update, { action: 'key.update', details });
    },

    rotateKey: async ({ actor, keyId, overlapMs }) => {
      if (overlapMs < 0n || overlapMs > OVERLAP_MS_MAX) {
        throw invalid('overlapMs', 'An older secret goes on for 0 milliseconds to 30 days.');
      }
      const nowMs = BigInt(clock.nowMs());
      const secret = makeSecret();
      const rotate = (before: ApiKeyRow) => {
        if (before.revoked_at_ms !== null)
          throw new Fault('conflict', 'The key is revoked. Please make a new one.');
        if (before.older_until_ms !== null && before.older_until_ms > nowMs) {
          throw new Fault(
            'conflict',
            'The key has two secrets already. Please wait until the older one has ended.',
          );
        }
        return {
          digest: digestOf(secret, pepper),
          older_digest: overlapMs === 0n ? '' : before.digest,
          older_until_ms: overlapMs === 0n ? null : nowMs + overlapMs,
          revision: before.revision + 1n,
        };
      };
      const details = { overlapMs: String(overlapMs) };
      const { key } = await change(actor, keyId, rotate, { action: 'key.rotate', details });
      return { key, plaintext: writeKey({ keyId, secret }) };
    },

    // The first revocation counts.
    revokeKey: ({ actor, keyId }) =>
      change(
        actor,
        keyId,
        (before) =>
          before.revoked_at_ms === null
            ? { revoked_at_ms: BigInt(clock.nowMs()), revision: before.revision + 1n }
            : {},
        { action: 'key.revoke' },
      ),
  };
}

export interface NewKey {
  readonly keyId: string;
  readonly digest: string;
  readonly label: string;
  readonly models: readonly string[];
  readonly networks: readonly string[];
  readonly scopes: readonly KeyScope[];
  readonly projectId: string;
  readonly expiresAtMs: bigint | undefined;
  readonly nowMs: number;
}

export function keyRow(
  user: Pick<UserRow, 'tenant' | 'user_id' | 'department_path'>,
  key: NewKey,
): ApiKeyRow {
  return {
    key_id: key.keyId,
    tenant: user.tenant,
    user_id: user.user_id,
    department_path: user.department_path,
    digest: key.digest,
    older_digest: '',
    older_until_ms: null,
    label: key.label,
    models: JSON.stringify(key.models),
    networks: JSON.stringify(key.networks),
    scopes: JSON.stringify(key.scopes),
    project_id: key.projectId,
    created_at_ms: BigInt(key.nowMs),
    expires_at_ms: key.expiresAtMs ?? null,
    revoked_at_ms: null,
    last_used_at_ms: null,
    revision: 1n,
  };
}

function concerning({ key_id, user_id, department_path }: ApiKeyRow) {
  return { subject: key_id, userId: user_id, departmentPath: department_path };
}

async function insertKey(rows: AuthRows, user: UserRow, key: NewKey): Promise<ApiKeyRow> {
  const row = keyRow(user, key);
  await rows.insert('api_keys', row);
  return row;
}

async function findKey(rows: AuthRows, keyId: string): Promise<ApiKeyRow> {
  const row = await rows
    .selectFrom('api_keys')
    .selectAll()
    .where('key_id', '=', keyId)
    .forUpdate()
    .executeTakeFirst();
  if (row === undefined) throw new Fault('notFound', 'There is no such key.');
  return row;
}

/** For himself, or as one above him. @throws Fault `notFound`, `forbidden` */
async function mustSpeakFor(rows: AuthRows, authority: Authority, userId: string): Promise<UserRow> {
  const user = await findUserById(rows, userId);
  if (userId === authority.userId) return user;
  authority.mustRun(user.department_path);
  authority.mustOutrank({ userId, role: roleOf(user.role) });
  return user;
}

async function checkProject(rows: AuthRows, userId: string, projectId: string): Promise<void> {
  if (projectId === '') return;
  checkId('projectId', projectId);
  const projectIds = await projectIdsOf(rows, userId);
  if (projectIds.includes(projectId)) return;
  throw new Fault('forbidden', 'The user is no member of this project.', { details: { field: 'projectId' } });
}

async function checkCount(rows: AuthRows, userId: string): Promise<void> {
  const { inForce } = await rows
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll<bigint>().as('inForce'))
    .where('user_id', '=', userId)
    .where('revoked_at_ms', 'is', null)
    .executeTakeFirstOrThrow();
  if (inForce < BigInt(KEYS_PER_USER_MAX)) return;
  throw new Fault(
    'conflict',
    `A user has at most ${KEYS_PER_USER_MAX} keys. Please revoke those that are no longer used.`,
  );
}
