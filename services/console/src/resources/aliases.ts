import { Alias, type Router } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { changeEvent } from '../change-event.ts';
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

  putAlias: async (request) => {
    const { tenant, params, body } = request;
    const { resources } = body;
    const name = params.alias;
    const targets = resources.map(({ provider, model }) => `${provider}/${model}`).join(' ');
    const event = changeEvent(request, {
      action: 'alias.put',
      subject: name,
      details: { resources: targets },
    });
    const { alias } = await router.putAlias({ alias: Alias.create({ tenant, name, resources }), event });
    if (alias === undefined) throw new Fault('internal', 'The router answered without an alias.');
    return { body: alias };
  },

  removeAlias: async (request) => {
    const { tenant, params } = request;
    const { name } = await getAlias(router, tenant, params.alias);
    const event = changeEvent(request, { action: 'alias.remove', subject: name });
    await router.removeAlias({ tenant, name, event });
    return { body: { name } };
  },
});

async function getAlias(router: Router, tenant: string, name: string): Promise<Alias> {
  const { aliases: found } = await router.listAliases({ tenant, page: pageIn({ limit: ALIASES_MAX }) });
  const alias = found.find((candidate) => candidate.name === name);
  if (alias === undefined) throw new Fault('notFound', 'There is no such alias.');
  return alias;
}
