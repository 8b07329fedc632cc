// The oracle does what the ledgers committed, in the order in which it took effect. What a batch was, its transaction tells
// by the reservations that it locked.

import type { Call } from './call.ts';
import type { Coverage } from './coverage.ts';
import { casesOf } from './oracle/cases.ts';
import { type Company, companyOf } from './oracle/company.ts';
import { type Expected, expect, type Operation } from './oracle/decide.ts';
import type { Commit } from './store/ledger-database.ts';
import { Violation } from './violation.ts';

/** What the oracle expects of one operation of a call. */
export type Repeated = Expected & { readonly tenant: string };

export interface CommitsToRepeat {
  readonly calls: readonly Call[];
  readonly commits: readonly Commit[];
  /** Holds that were due before, in the order in which a sweep finds them. */
  readonly due: readonly string[];
  /** Calls that were not answered, for the sake of their database. */
  readonly failed: ReadonlySet<Call>;
  readonly companies: ReadonlyMap<string, Company>;
  readonly nowMs: number;
  readonly coverage: Coverage;
  readonly trace: (line: string) => void;
}

/** @returns what each operation of each call should have answered; nothing for one that was not committed */
export function repeatCommits(step: CommitsToRepeat): Map<Call, (Repeated | undefined)[]> {
  const { calls, commits, due, failed, companies, nowMs } = step;
  const expected = new Map<Call, (Repeated | undefined)[]>();
  for (const commit of inEffect(commits)) {
    const { replica, reservations, hasWritten } = commit;
    const here = calls.filter((call) => call.replica === replica);
    if (reservations.length === 0) {
      for (const { apply, tenants } of hasWritten ? here : []) {
        for (const tenant of tenants) apply?.(companyOf(companies, tenant), nowMs);
      }
      continue;
    }
    // A batch that missed a balance wrote nothing and ran again.
    if (isRepeated(commit, commits)) {
      if (hasWritten) throw new Violation('I5', 'a batch was written twice', [commit]);
      continue;
    }
    const named = new Set(reservations);
    const concerned = here.filter(
      ({ operations }) => operations === undefined || operations.some((each) => named.has(keyOf(each))),
    );
    // One that missed a balance and could not be run again changed nothing either.
    if (!hasWritten && concerned.every((call) => failed.has(call))) continue;
    for (const call of concerned) {
      const list = expected.get(call) ?? [];
      expected.set(call, list);
      const operations = call.operations ?? sweepOf(due.filter((key) => named.has(key)));
      for (const [place, operation] of operations.entries()) {
        if (named.has(keyOf(operation))) list[place] = repeatOperation(operation, step);
      }
    }
  }
  return expected;
}

function repeatOperation(
  operation: Operation,
  { companies, nowMs, coverage, trace }: CommitsToRepeat,
): Repeated {
  const { kind, request } = operation;
  const company = companyOf(companies, request.tenant);
  const stateNow = () => company.reservations.get(request.reservationId)?.state ?? 'ABSENT';
  const before = stateNow();
  for (const name of casesOf(company, operation, nowMs)) coverage.hit(`case.${name}`);
  const expected = expect(company, operation, nowMs);
  const after = stateNow();
  coverage.hit(`operation.${kind}: ${expected.outcome}`);
  if (before !== after) coverage.hit(`state.${before} -> ${after}`);
  trace(`    ${kind} ${request.reservationId}: ${expected.outcome} (${before} -> ${after})`);
  return { ...expected, tenant: company.tenant };
}

/** By when they took effect: one that wrote nothing, when it read. */
function inEffect(commits: readonly Commit[]): readonly Commit[] {
  const place = (commit: Commit) => (commit.hasWritten ? commits.indexOf(commit) : commit.readAfter - 0.5);
  return commits.toSorted((one, other) => place(one) - place(other));
}

function isRepeated(commit: Commit, commits: readonly Commit[]): boolean {
  const { replica, reservations } = commit;
  return commits
    .slice(commits.indexOf(commit) + 1)
    .some((later) => later.replica === replica && areEqual(later.reservations, reservations));
}

function keyOf({ request }: Operation): string {
  return `${request.tenant}\0${request.reservationId}`;
}

function sweepOf(keys: readonly string[]): readonly Operation[] {
  return keys.map((key) => {
    const [tenant = '', reservationId = ''] = key.split('\0');
    return { kind: 'expire', request: { tenant, reservationId } };
  });
}

function areEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((key, index) => key === other[index]);
}
