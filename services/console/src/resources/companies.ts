import type { Company } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { AdminRequest, Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { OrganisationRoutes } from '../routes/organisation-routes.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

type Routes = Pick<OrganisationRoutes, 'listCompanies' | 'createCompany' | 'getCompany' | 'updateCompany'>;

export const companies = ({ organisation }: ActorPorts): Handlers<Routes> => ({
  listCompanies: async ({ actor, query }) => {
    const { companies: found, nextAfter } = await organisation.listCompanies({ actor, page: pageIn(query) });
    return pageReply(found.map(companyReply), nextAfter);
  },

  createCompany: async ({ actor, body }) => {
    const { company: tenant, name } = body;
    const company = answered((await organisation.createCompany({ actor, tenant, name })).company);
    return { status: 201, body: companyReply(company) };
  },

  getCompany: async ({ actor, caller, params }) => {
    const of = actorIn(actor, caller, params.company);
    return { body: companyReply(answered((await organisation.getCompany({ actor: of })).company)) };
  },

  updateCompany: async ({ actor, caller, params, body, expectedRevision }) => {
    const of = actorIn(actor, caller, params.company);
    const { name, isSuspended } = body;
    const changed = await organisation.updateCompany({ actor: of, name, isSuspended, expectedRevision });
    const company = answered(changed.company);
    return { body: companyReply(company) };
  },
});

/** A company that the path names is the one that the call is about; whether it may be is for the port to say. */
function actorIn(
  actor: AdminRequest['actor'],
  caller: AdminRequest['caller'],
  company: string,
): AdminRequest['actor'] {
  if (actor.tenant !== caller.tenant && actor.tenant !== company) {
    throw new Fault('invalid', 'The path and the parameter name different companies.', {
      details: { field: 'company' },
    });
  }
  return { ...actor, tenant: company };
}

function companyReply({ tenant, name, isSuspended, createdAtMs, revision }: Company) {
  return { company: tenant, name, isSuspended, createdAtMs, revision };
}
