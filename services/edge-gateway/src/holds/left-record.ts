// The access record of a request whose process was killed before it wrote one, made by the next process out of the spool.

import { AccessRecord } from '@ai-switch/contracts';
import { type EventLog, entryOf } from '@ai-switch/event-log';
import type { Logger } from '@ai-switch/telemetry';
import { NOTHING } from '../sum-amounts.ts';
import type { Settlement, SpooledHold } from './spool-records.ts';

/** Of one that is settled by now, or released. Unless the earlier process wrote it and was killed before it could note that: then it wrote nothing after it. */
export function recordLeft(eventLog: EventLog, logger: Logger, left: SpooledHold): void {
  let record: AccessRecord;
  try {
    record = leftRecord(left);
  } catch (err) {
    const { reservationId } = left.intent;
    logger.error({ err, reservationId }, 'the spool does not say what a request was');
    return;
  }
  const isThere = eventLog.lastBefore.some(
    ({ type, record: { requestId } }) => type === 'aiswitch.access.v1' && requestId === record.requestId,
  );
  if (!isThere) eventLog.access(record);
}

/** It has no status and took no time: what the client saw of it last is not known. @throws Error for a text that is no record */
function leftRecord({ request, settlement }: SpooledHold): AccessRecord {
  const { record } = entryOf('aiswitch.access.v1', request);
  const { actual: usage, outcome, isEstimated: usageEstimated } = settlement ?? RELEASED;
  return AccessRecord.create({ ...record, httpStatus: 0, outcome, usage, usageEstimated });
}

/** Of a hold that ends without a settlement: nobody had been asked in the end. */
const RELEASED: Pick<Settlement, 'actual' | 'outcome' | 'isEstimated'> = {
  actual: NOTHING,
  outcome: 'upstreamFailed',
  isEstimated: true,
};
