// Somebody who reads: what the ledger tells of a moment has to be what stands in its rows at that moment.

import type * as contracts from '@ai-switch/contracts';
import type { Call } from '../call.ts';
import { checkStoredAs } from '../checks/oracle-checks.ts';
import type { RowChecks } from '../checks/row-checks.ts';
import type { Company } from '../oracle/company.ts';
import { linesFor } from '../oracle/plan.ts';
import { isSame, vectorOf, ZERO } from '../oracle/vector.ts';
import type { Random } from '../random.ts';
import { Violation } from '../violation.ts';
import { subjectOf } from './people.ts';

type Query = Omit<Call, 'replica'>;

const PAGE_SIZE = 3;

export function nextQuery(random: Random, company: Company, rows: RowChecks, nowMs: number): Query {
  const { tenant } = company;
  const kind = random.weighted({ receipt: 5, balances: 3, statement: 2 });
  const ids = [...company.reservations.keys()];
  if (kind === 'receipt' && ids.length > 0) return receiptOf(company, rows, random.pick(ids));
  const bucket = random.pick([...company.buckets.keys(), 'company']);
  if (kind === 'statement' && company.buckets.has(bucket)) return statementOf(company, rows, bucket);
  const subject = subjectOf(random);
  return {
    name: 'balances are read',
    tenants: [tenant],
    isAlone: true,
    run: (to) => to.getBalances({ tenant, subject }),
    inspect: (answer) => {
      const { balances } = answer as contracts.GetBalancesResponse;
      const lines = linesFor(company, subject, nowMs);
      const found = balances.map(({ balance }) => `${balance?.bucket} ${balance?.period}`);
      const wanted = lines.map(({ bucket, period }) => `${bucket} ${period}`);
      if (lines.length > 0 && found.join() !== wanted.join()) {
        throw new Violation('I7', 'balances are not told in the order of the plan', [{ found }, { wanted }]);
      }
      for (const { balance } of balances) {
        const stored = rows.balances.get(`${tenant}\0${balance?.bucket}\0${balance?.period}`);
        const isRight =
          isSame(vectorOf(balance?.used), stored?.used ?? ZERO) &&
          isSame(vectorOf(balance?.held), stored?.held ?? ZERO);
        if (!isRight) throw new Violation('I1', 'a balance is told that is not stored', [balance, stored]);
      }
    },
  };
}

function receiptOf({ tenant }: Company, rows: RowChecks, reservationId: string): Query {
  return {
    name: 'a receipt is read',
    tenants: [tenant],
    isAlone: true,
    run: (to) => to.getReceipt({ tenant, reservationId }),
    inspect: (answer) => {
      const { reservation, entries } = answer as contracts.GetReceiptResponse;
      checkStoredAs(reservation, rows.reservations.get(`${tenant}\0${reservationId}`));
      const stored = rows.entriesOf(tenant, reservationId);
      if (entries.length !== stored.length) {
        throw new Violation('I1', 'a receipt has other entries than those stored', [entries, stored]);
      }
    },
  };
}

function statementOf({ tenant }: Company, rows: RowChecks, bucket: string): Query {
  return {
    name: 'a statement is read',
    tenants: [tenant],
    isAlone: true,
    run: async (to) => {
      const entries: contracts.Entry[] = [];
      let after = '';
      let period = '';
      do {
        const page = await to.listEntries({ tenant, bucket, period, page: { after, limit: PAGE_SIZE } });
        entries.push(...page.entries);
        after = page.nextAfter;
        period = page.period;
      } while (after !== '');
      return { entries, period };
    },
    inspect: (answer) => {
      const { entries, period } = answer as { entries: contracts.Entry[]; period: string };
      const count = rows.entryCount(tenant, bucket, period);
      if (entries.length === count) return;
      throw new Violation(
        'I1',
        `a statement of ${bucket} has ${entries.length} entries of ${count}`,
        entries,
      );
    },
  };
}
