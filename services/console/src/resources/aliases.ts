import { Alias, type Router } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { z } from 'zod';
import type { Resource } from '../handler.ts';
import { pageOf, pageQuery, pageReply, reference } from '../read-input.ts';

const ALIASES_MAX = 1_000;

const putAlias = z.strictObject({
  resources: z
    .array(
      z.strictObject({
        provider: reference,
        model: reference,
        weight: z.number().int().min(1).max(1_000).default(1),
        priority: z.number().int().min(0).max(1_000).default(0),
      }),
    )
    .min(1)
    .max(32),
});

export const aliases: Resource<'aliases'> = ({ router }) => ({
  'GET /aliases': async ({ caller, query }) => {
    const page = pageOf(query(pageQuery));
    const { aliases: found, nextAfter } = await router.listAliases({ tenant: caller.tenant, page });
    return pageReply(found.map(aliasReply), nextAfter);
  },

  'GET /aliases/:alias': async ({ caller, param }) => ({
    body: aliasReply(await getAlias(router, caller.tenant, param('alias'))),
  }),

  'PUT /aliases/:alias': async ({ caller: { tenant }, param, body, audit }) => {
    const { resources } = await body(putAlias);
    const name = param('alias');
    const { alias } = await router.putAlias({ alias: Alias.create({ tenant, name, resources }) });
    if (alias === undefined) throw new Fault('internal', 'The router answered without an alias.');
    const targets = resources.map(({ provider, model }) => `${provider}/${model}`).join(' ');
    await audit('alias.put', name, { resources: targets });
    return { body: aliasReply(alias) };
  },

  'DELETE /aliases/:alias': async ({ caller: { tenant }, param, audit }) => {
    const { name } = await getAlias(router, tenant, param('alias'));
    await router.removeAlias({ tenant, name });
    await audit('alias.remove', name);
    return { body: { name } };
  },
});

async function getAlias(router: Router, tenant: string, name: string): Promise<Alias> {
  const { aliases: found } = await router.listAliases({ tenant, page: pageOf({ limit: ALIASES_MAX }) });
  const alias = found.find((candidate) => candidate.name === name);
  if (alias === undefined) throw new Fault('notFound', 'There is no such alias.');
  return alias;
}

function aliasReply({ name, resources, updatedAtMs }: Alias): object {
  return { name, resources, updatedAtMs };
}
