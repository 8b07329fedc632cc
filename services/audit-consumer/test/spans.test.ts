import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrive, type Gap } from '../src/ingest/spans.ts';

test('whatever order sequences come in, and however often, each is fresh once and the gaps are what has not come', () => {
  const batch = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 12 }), (batches) => {
      const come = new Set<bigint>();
      let gaps: readonly Gap[] = [];
      let last = 0n;
      for (const [index, unsorted] of batches.entries()) {
        const sequences = unsorted.sort((one, other) => one - other).map(BigInt);
        const arrival = arrive(sequences, gaps, last, BigInt(index));
        expect([...arrival.fresh].sort()).toEqual(sequences.filter((each) => !come.has(each)).sort());
        for (const sequence of sequences) come.add(sequence);
        gaps = [...gaps.filter(({ first }) => !arrival.closed.includes(first)), ...arrival.opened];
        last = arrival.lastSequence;
        const missing = Array.from({ length: Number(last) }, (_, at) => BigInt(at + 1)).filter(
          (each) => !come.has(each),
        );
        const inGaps = gaps.flatMap(({ first, last: end }) =>
          Array.from({ length: Number(end - first) + 1 }, (_, at) => first + BigInt(at)),
        );
        expect(inGaps.sort((one, other) => Number(one - other))).toEqual(missing);
        expect(last).toBe([...come].reduce((most, each) => (each > most ? each : most), 0n));
      }
    }),
  );
});

test('a gap stays as old as it was when part of it comes', () => {
  const { opened } = arrive([5n], [{ first: 2n, last: 9n, sinceMs: 7n }], 10n, 99n);
  expect(opened).toEqual([
    { first: 2n, last: 4n, sinceMs: 7n },
    { first: 6n, last: 9n, sinceMs: 7n },
  ]);
});
