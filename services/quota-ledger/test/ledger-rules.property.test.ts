// Any sequence of calls, decided by the rules without a database, against the ledger written plainly (plain-ledger.ts):
// what is answered and how every balance stands must be the same after every call. And of every reservation: its shares
// are all of it or nothing, and a balance is the sum of its entries and of what is open.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { beginning, type Command, change, operation } from './commands.ts';
import { PlainLedger } from './plain-ledger.ts';
import { RulesLedger } from './rules-ledger.ts';

const RUNS = 10_000;
const BEGINNING_MS = Date.UTC(2026, 10, 15, 12);

const commands: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof({ weight: 3, arbitrary: operation }, { weight: 1, arbitrary: change }),
  { maxLength: 30, size: 'max' },
);

test('any calls in any order do what the plain ledger does', () => {
  fc.assert(
    fc.property(beginning, commands, (puts, calls) => {
      const plain = new PlainLedger(BEGINNING_MS);
      const ledger = new RulesLedger(BEGINNING_MS);
      for (const command of [...puts, ...calls]) {
        expect(ledger.apply(command)).toBe(plain.apply(command));
        expect(ledger.standing()).toBe(plain.standing());
      }
      expect(ledger.brokenInvariants()).toEqual([]);
    }),
    { numRuns: RUNS },
  );
}, 120_000);
