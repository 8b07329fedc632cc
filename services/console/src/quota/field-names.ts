import { Fault } from '@ai-switch/kernel';

/** A call to the ledger whose fault names the field as the admin API calls it: `policy.timeZone` is `timeZone` there. */
export async function withFieldNames<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (fault) {
    if (!(fault instanceof Fault) || fault.details.field === undefined) throw fault;
    const field = fault.details.field.replace(/^(?:bucket|order|policy|subject)\./, '').replace(/Ms$/, '');
    throw new Fault(fault.code, fault.message, { details: { ...fault.details, field }, cause: fault });
  }
}
