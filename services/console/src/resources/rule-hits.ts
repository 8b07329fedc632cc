// What rules met, counted from the audit trail: the code that enforces writes it. A rule that only counts is told of once a
// minute, with how often.

import type { AuditEvent, EventFilter } from '@ai-switch/contracts';
import type { ScopedRecords } from '../reach/scoped-records.ts';

const PREFIX = 'interception.';
const PAGE_ROWS = 1_000;
/** Events that are counted at once. */
const EVENTS_MAX = 50_000;

interface Count {
  readonly ruleSetId: string;
  readonly ruleId: string;
  readonly action: string;
  hits: number;
  readonly lastAtMs: bigint;
}

/** Newest first, so that what is left out of the count is the oldest. */
export async function countHits(
  records: ScopedRecords,
  filter: EventFilter,
  ruleSetId: string | undefined,
): Promise<{ readonly items: Count[]; readonly isComplete: boolean }> {
  const counts = new Map<string, Count>();
  let after = '';
  let seen = 0;
  do {
    const page = { after, limit: PAGE_ROWS };
    const { events, nextAfter } = await records.events({ ...filter, action: PREFIX }, page);
    for (const event of events) add(counts, event, ruleSetId);
    seen += events.length;
    after = nextAfter;
  } while (after !== '' && seen < EVENTS_MAX);
  const items = [...counts.values()].sort((left, right) => right.hits - left.hits);
  return { items, isComplete: after === '' };
}

function add(counts: Map<string, Count>, event: AuditEvent, wanted: string | undefined): void {
  const { ruleSetId, count = '1' } = event.details;
  // What could not be inspected was stopped by no rule.
  if (ruleSetId === undefined || (wanted !== undefined && ruleSetId !== wanted)) return;
  const { subject: ruleId, atMs } = event;
  const action = event.action.slice(PREFIX.length);
  const key = JSON.stringify([ruleSetId, ruleId, action]);
  const known = counts.get(key);
  if (known === undefined)
    counts.set(key, { ruleSetId, ruleId, action, hits: Number(count), lastAtMs: atMs });
  else known.hits += Number(count);
}
