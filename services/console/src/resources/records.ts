import { AccessFilter, type Actor, EventFilter } from '@ai-switch/contracts';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { RecordRoutes } from '../routes/record-routes.ts';
import { USAGE_GROUPS } from '../words.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';

export const records = ({ organisation }: ActorPorts): Handlers<RecordRoutes> => {
  const pathOf = async (actor: Actor, departmentId: string) =>
    answered((await organisation.getDepartment({ actor, departmentId })).department).path;

  return {
    listAccess: async ({ actor, reach, records: log, query }) => {
      const { user, department, project, key, model, outcome, fromMs, untilMs, ...page } = query;
      const of = user === undefined ? undefined : await reach.user(user);
      const filter = AccessFilter.create({
        departmentPath: department === undefined ? '' : await pathOf(actor, department),
        projectId: project,
        keyId: key,
        alias: model,
        outcome,
        fromMs,
        untilMs,
      });
      const { records: found, nextAfter } = await log.access(of, filter, pageIn(page));
      return pageReply(found, nextAfter);
    },

    listEvents: async ({ reach, records: log, query }) => {
      const { actor: who, action, subject, fromMs, untilMs, ...page } = query;
      const actor = who === undefined || who === 'system' ? who : (await reach.knownUser(who)).userId;
      const filter = EventFilter.create({ actor, action, subject, fromMs, untilMs });
      const { events, nextAfter } = await log.events(filter, pageIn(page));
      return pageReply(events, nextAfter);
    },

    sumUsage: async ({ records: log, query: { by, fromMs, untilMs, ...page } }) => {
      const group = USAGE_GROUPS[by];
      const { sums, nextAfter } = await log.usage({ group, fromMs, untilMs, page: pageIn(page) });
      return pageReply(sums, nextAfter);
    },
  };
};
