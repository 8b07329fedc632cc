import { describe, expect, test } from 'vitest';
import { type Candidate, drawOrder, stickyOrder, TARGETS_MAX, tiersOf } from '../src/route-rules.ts';
import { seeded } from './random.ts';

const DRAWS = 10_000;

function candidate(place: string, weight: number, priority = 0): Candidate<string> {
  return { name: place, place, weight, priority };
}

describe('an order to try resources in', () => {
  test('gives the first place by weight, over 10,000 draws', () => {
    const tiers = tiersOf([candidate('a', 1), candidate('b', 2), candidate('c', 7)]);
    const random = seeded(1);
    const first = { a: 0, b: 0, c: 0 } as Record<string, number>;
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const place = drawOrder(tiers, random)[0] ?? '';
      first[place] = (first[place] ?? 0) + 1;
    }
    // Four standard deviations of a share of 10,000 draws are at most 0.02.
    expect(Math.abs((first.a ?? 0) / DRAWS - 0.1)).toBeLessThan(0.02);
    expect(Math.abs((first.b ?? 0) / DRAWS - 0.2)).toBeLessThan(0.02);
    expect(Math.abs((first.c ?? 0) / DRAWS - 0.7)).toBeLessThan(0.02);
  });

  test('gives the second place by the weights of those that are left', () => {
    const tiers = tiersOf([candidate('a', 1), candidate('b', 3), candidate('c', 6)]);
    const random = seeded(2);
    let afterC = 0;
    let bAfterC = 0;
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const [first, second] = drawOrder(tiers, random);
      if (first !== 'c') continue;
      afterC += 1;
      if (second === 'b') bAfterC += 1;
    }
    expect(afterC).toBeGreaterThan(5_000);
    expect(Math.abs(bAfterC / afterC - 0.75)).toBeLessThan(0.03);
  });

  test('names every resource once', () => {
    const tiers = tiersOf([candidate('a', 5), candidate('b', 1), candidate('c', 1_000), candidate('d', 1)]);
    const random = seeded(3);
    for (let draw = 0; draw < 1_000; draw += 1) {
      expect(drawOrder(tiers, random).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    }
  });

  test('tries lower priority numbers first, whatever the weights are', () => {
    const tiers = tiersOf([candidate('last', 1_000, 9), candidate('first', 1, 0), candidate('second', 1, 3)]);
    const random = seeded(4);
    for (let draw = 0; draw < 1_000; draw += 1) {
      expect(drawOrder(tiers, random)).toEqual(['first', 'second', 'last']);
    }
  });

  test('has at most 8 places, over all priorities', () => {
    const many = Array.from({ length: 32 }, (_, index) => candidate(`r${index}`, 1, index < 6 ? 0 : 1));
    const order = drawOrder(tiersOf(many), seeded(5));
    expect(order).toHaveLength(TARGETS_MAX);
    expect(order.slice(0, 6).toSorted()).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
  });

  test('is the same for the same seed', () => {
    const tiers = tiersOf(Array.from({ length: 8 }, (_, index) => candidate(`r${index}`, index + 1)));
    expect(drawOrder(tiers, seeded(6))).toEqual(drawOrder(tiers, seeded(6)));
  });

  test('is empty without resources', () => {
    expect(drawOrder(tiersOf([]), seeded(7))).toEqual([]);
  });

  test.each([0, 1 - Number.EPSILON])('takes the extreme of chance %d', (extreme) => {
    const tiers = tiersOf([candidate('a', 1), candidate('b', 1), candidate('c', 1)]);
    expect(drawOrder(tiers, () => extreme).toSorted()).toEqual(['a', 'b', 'c']);
  });
});

describe('the order for an affinity key', () => {
  const KEYS = Array.from({ length: DRAWS }, (_, index) => `conversation-${index}`);

  test('gives the first place by weight, over 10,000 keys', () => {
    const tiers = tiersOf([candidate('a', 1), candidate('b', 2), candidate('c', 7)]);
    const first: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (const key of KEYS) {
      const place = stickyOrder(tiers, key)[0] ?? '';
      first[place] = (first[place] ?? 0) + 1;
    }
    expect(Math.abs((first.a ?? 0) / DRAWS - 0.1)).toBeLessThan(0.02);
    expect(Math.abs((first.b ?? 0) / DRAWS - 0.2)).toBeLessThan(0.02);
    expect(Math.abs((first.c ?? 0) / DRAWS - 0.7)).toBeLessThan(0.02);
  });

  test('moves only the keys of a resource that goes away, to the others by weight', () => {
    const all = [candidate('a', 1), candidate('b', 3), candidate('c', 6)];
    const rest = tiersOf(all.slice(0, 2));
    let moved = 0;
    let movedToB = 0;
    for (const key of KEYS) {
      const before = stickyOrder(tiersOf(all), key);
      expect(stickyOrder(rest, key)).toEqual(before.filter((place) => place !== 'c'));
      if (before[0] !== 'c') continue;
      moved += 1;
      if (before[1] === 'b') movedToB += 1;
    }
    expect(Math.abs(moved / DRAWS - 0.6)).toBeLessThan(0.02);
    expect(Math.abs(movedToB / moved - 0.75)).toBeLessThan(0.03);
  });

  test('takes lower priority numbers first, and at most 8 of all', () => {
    const many = Array.from({ length: 32 }, (_, index) => candidate(`r${index}`, 1, index < 6 ? 0 : 1));
    for (const key of KEYS.slice(0, 100)) {
      const order = stickyOrder(tiersOf(many), key);
      expect(new Set(order).size).toBe(TARGETS_MAX);
      expect(order.slice(0, 6).toSorted()).toEqual(['r0', 'r1', 'r2', 'r3', 'r4', 'r5']);
    }
  });
});
