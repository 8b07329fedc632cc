import { Alias, type Router } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { ProviderRoutes } from '../routes/provider-routes.ts';

const ALIASES_MAX = 1_000;

type Routes = Pick<ProviderRoutes, 'listAliases' | 'getAlias' | 'putAlias' | 'removeAlias'>;

export const aliases = (router: Router): Handlers<Routes> => ({
  listAliases: async ({ tenant, query }) => {
    const { aliases: found, nextAfter } = await router.listAliases({ tenant, page: pageIn(query) });
    return pageReply(found, nextAfter);
  },

  getAlias: async ({ tenant, params }) => ({ body: await getAlias(router, tenant, params.alias) }),

  putAlias: async ({ tenant, params: { alias: name }, body: { resources }, audit }) => {
    const { alias } = await router.putAlias({ alias: Alias.create({ tenant, name, resources }) });
    if (alias === undefined) throw new Fault('internal', 'The router answered without an alias.');
    const targets = resources.map(({ provider, model }) => `${provider}/${model}`).join(' ');
    await audit({ action: 'alias.put', subject: name, details: { resources: targets } });
    return { body: alias };
  },

  removeAlias: async ({ tenant, params, audit }) => {
    const { name } = await getAlias(router, tenant, params.alias);
    await router.removeAlias({ tenant, name });
    await audit({ action: 'alias.remove', subject: name });
    return { body: { name } };
  },
});

async function getAlias(router: Router, tenant: string, name: string): Promise<Alias> {
  const { aliases: found } = await router.listAliases({ tenant, page: pageIn({ limit: ALIASES_MAX }) });
  const alias = found.find((candidate) => candidate.name === name);
  if (alias === undefined) throw new Fault('notFound', 'There is no such alias.');
  return alias;
}
