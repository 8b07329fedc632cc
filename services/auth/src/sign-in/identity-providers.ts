import { type IdentityProvider, Role, type SignIn } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { authorityOf } from '../authority.ts';
import { record } from '../changes.ts';
import { findDepartment } from '../organisation/tree.ts';
import { findUserById } from '../organisation/users.ts';
import { checkId, checkTitle, checkUnitId, hasControlCharacter, invalid } from '../request-rules.ts';
import { roleOf } from '../role-rules.ts';
import type { SignInContext } from './context.ts';
import { discoverAnew } from './oidc-discovery.ts';
import type { IdentityProviderRow } from './schema.ts';

type Calls = Pick<
  SignIn,
  'putIdentityProvider' | 'listIdentityProviders' | 'removeIdentityProvider' | 'linkIdentity'
>;

const PROVIDERS_MAX = 20;
const SCOPES_MAX = 20;
const SCOPE = /^[!#-[\]-~]{1,64}$/;
const TEXT_CHARACTERS_MAX = 512;

export function identityProviderCalls(context: SignInContext): Calls {
  const { database, clock, secrets } = context;
  return {
    putIdentityProvider: async ({ actor, identityProvider: wanted, clientSecret }) => {
      if (wanted === undefined) throw invalid('identityProvider', 'The identity provider is missing.');
      checkProvider(wanted);
      const authority = await authorityOf(database, actor);
      authority.mustBe(Role.COMPANY_ADMIN);
      await discoverAnew(context, wanted.issuer).catch((cause: unknown) => {
        throw new Fault('invalid', 'The issuer does not answer as an OpenID provider of this name.', {
          details: { field: 'issuer' },
          cause,
        });
      });
      const { tenant } = authority;
      const { identityProviderId: id } = wanted;
      const row = await database.within(authority.scope, async (rows) => {
        const all = await rows.selectFrom('identity_providers').selectAll().execute();
        const before = all.find((each) => each.identity_provider_id === id);
        if (before === undefined && all.length >= PROVIDERS_MAX) {
          throw new Fault('conflict', `A company has at most ${PROVIDERS_MAX} identity providers.`);
        }
        if (wanted.departmentId !== '') await findDepartment(rows, wanted.departmentId);
        // A secret belongs to the issuer that it was given for: it is not sent to another one.
        const isSamePlace = before?.issuer === wanted.issuer && before.client_id === wanted.clientId;
        const kept = isSamePlace ? (before?.client_secret ?? '') : '';
        const after: IdentityProviderRow = {
          tenant,
          identity_provider_id: id,
          name: wanted.name,
          issuer: wanted.issuer,
          client_id: wanted.clientId,
          client_secret: sealedSecret(clientSecret, kept, (secret) =>
            secrets.seal(placeOf(tenant, id), secret),
          ),
          scopes: JSON.stringify(wanted.scopes),
          is_creating_users: BigInt(wanted.isCreatingUsers),
          department_id: wanted.departmentId,
          name_claim: wanted.nameClaim || 'preferred_username',
          updated_at_ms: BigInt(clock.nowMs()),
        };
        if (before === undefined) await rows.insert('identity_providers', after);
        else {
          await rows
            .updateTable('identity_providers')
            .set(after)
            .where('identity_provider_id', '=', id)
            .execute();
        }
        await record(rows, authority, {
          action: 'identityProvider.put',
          subject: id,
          details: {
            name: wanted.name,
            issuer: wanted.issuer,
            clientId: wanted.clientId,
            isCreatingUsers: String(wanted.isCreatingUsers),
            clientSecret: clientSecret === undefined ? 'kept' : 'changed',
          },
        });
        return after;
      });
      return { identityProvider: providerOf(row) };
    },

    listIdentityProviders: async ({ actor }) => {
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, (rows) =>
        rows.selectFrom('identity_providers').selectAll().orderBy('identity_provider_id').execute(),
      );
      return { identityProviders: found.map(providerOf) };
    },

    removeIdentityProvider: async ({ actor, identityProviderId }) => {
      checkId('identityProviderId', identityProviderId);
      const authority = await authorityOf(database, actor);
      authority.mustBe(Role.COMPANY_ADMIN);
      await database.within(authority.scope, async (rows) => {
        const gone = await rows
          .deleteFrom('identity_providers')
          .where('identity_provider_id', '=', identityProviderId)
          .returning('issuer')
          .executeTakeFirst();
        if (gone === undefined) return;
        await record(rows, authority, { action: 'identityProvider.remove', subject: identityProviderId });
        const isElsewhere = await rows
          .selectFrom('identity_providers')
          .select('issuer')
          .where('issuer', '=', gone.issuer)
          .executeTakeFirst();
        if (isElsewhere !== undefined) return;
        await rows.deleteFrom('identity_links').where('issuer', '=', gone.issuer).execute();
      });
      return {};
    },

    linkIdentity: async ({ actor, userId, identityProviderId, subject }) => {
      checkId('userId', userId);
      checkId('identityProviderId', identityProviderId);
      checkSubject(subject);
      const authority = await authorityOf(database, actor);
      authority.mustBe(Role.COMPANY_ADMIN);
      await database.within(authority.scope, async (rows) => {
        const user = await findUserById(rows, userId);
        authority.mustOutrank({ userId, role: roleOf(user.role) });
        const provider = await rows
          .selectFrom('identity_providers')
          .select('issuer')
          .where('identity_provider_id', '=', identityProviderId)
          .executeTakeFirst();
        if (provider === undefined) throw new Fault('notFound', 'There is no such identity provider.');
        const there = await rows
          .selectFrom('identity_links')
          .select('user_id')
          .where('issuer', '=', provider.issuer)
          .where('subject', '=', subject)
          .executeTakeFirst();
        if (there?.user_id === userId) return;
        if (there !== undefined) throw new Fault('conflict', 'The subject is somebody else’s.');
        await rows.insert('identity_links', {
          tenant: authority.tenant,
          issuer: provider.issuer,
          subject,
          user_id: userId,
          department_path: user.department_path,
        });
        await record(rows, authority, {
          action: 'user.linkIdentity',
          subject: userId,
          details: { identityProviderId, subject },
          userId,
          departmentPath: user.department_path,
        });
      });
      return {};
    },
  };
}

/** Where a client secret is stored. */
export function placeOf(tenant: string, identityProviderId: string): readonly string[] {
  return [tenant, 'identity-provider', identityProviderId, 'client-secret'];
}

/** @throws Fault `invalid` */
export function checkSubject(subject: string): void {
  // https://openid.net/specs/openid-connect-core-1_0.html#IDToken: at most 255 ASCII characters.
  if (/^[ -~]{1,255}$/.test(subject)) return;
  throw invalid('subject', 'A subject has 1 to 255 printable characters.');
}

function sealedSecret(given: string | undefined, kept: string, seal: (secret: string) => string): string {
  if (given === undefined) return kept;
  if (given.length > TEXT_CHARACTERS_MAX) throw invalid('clientSecret', 'The client secret is too long.');
  return given === '' ? '' : seal(given);
}

function checkProvider(provider: IdentityProvider): void {
  const { identityProviderId, name, issuer, clientId, scopes, nameClaim } = provider;
  checkUnitId('identityProviderId', identityProviderId);
  checkTitle(name);
  const url = URL.parse(issuer);
  const isPlain =
    url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!isPlain || !/^https?:$/.test(url.protocol) || issuer.length > TEXT_CHARACTERS_MAX) {
    throw invalid('issuer', 'An issuer is an address like https://login.example.com.');
  }
  const isClientId =
    clientId.length >= 1 && clientId.length <= TEXT_CHARACTERS_MAX && !hasControlCharacter(clientId);
  if (!isClientId) throw invalid('clientId', 'The client id is missing or too long.');
  if (scopes.length > SCOPES_MAX || !scopes.every((scope) => SCOPE.test(scope))) {
    throw invalid('scopes', `At most ${SCOPES_MAX} scopes, each of 1 to 64 characters without blanks.`);
  }
  if (nameClaim.length > 64 || hasControlCharacter(nameClaim)) {
    throw invalid('nameClaim', 'A claim has at most 64 characters.');
  }
}

function providerOf(row: IdentityProviderRow): IdentityProvider {
  return {
    identityProviderId: row.identity_provider_id,
    tenant: row.tenant,
    name: row.name,
    issuer: row.issuer,
    clientId: row.client_id,
    hasClientSecret: row.client_secret !== '',
    scopes: JSON.parse(row.scopes),
    isCreatingUsers: row.is_creating_users !== 0n,
    departmentId: row.department_id,
    nameClaim: row.name_claim,
    updatedAtMs: row.updated_at_ms,
  };
}
