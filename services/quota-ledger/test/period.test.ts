import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PeriodKind } from '../src/model.ts';
import { isTimeZone, type Period, periodAt } from '../src/period.ts';

function calendar(timeZone = 'UTC', fiscalYearStartsInMonth = 1) {
  return { timeZone, fiscalYearStartsInMonth };
}

function at(kind: PeriodKind, time: string, ...where: Parameters<typeof calendar>): Period {
  return periodAt(kind, BigInt(Date.parse(time)), calendar(...where));
}

function isoOf(timeMs: bigint | null): string {
  return timeMs === null ? 'never' : new Date(Number(timeMs)).toISOString().replace(':00.000Z', 'Z');
}

describe('the period of a moment', () => {
  test.each([
    ['a day', 'DAY', '2026-11-23T13:00Z', '2026-11-23', '2026-11-23T00:00Z', '2026-11-24T00:00Z'],
    ['a leap day', 'DAY', '2028-02-29T23:59Z', '2028-02-29', '2028-02-29T00:00Z', '2028-03-01T00:00Z'],
    ['a month', 'MONTH', '2026-11-23T13:00Z', '2026-11', '2026-11-01T00:00Z', '2026-12-01T00:00Z'],
    ['a leap month', 'MONTH', '2028-02-01T00:00Z', '2028-02', '2028-02-01T00:00Z', '2028-03-01T00:00Z'],
    ['a December', 'MONTH', '2026-12-31T23:59Z', '2026-12', '2026-12-01T00:00Z', '2027-01-01T00:00Z'],
    ['a Monday', 'WEEK', '2026-11-23T00:00Z', '2026-W48', '2026-11-23T00:00Z', '2026-11-30T00:00Z'],
    ['a Sunday', 'WEEK', '2026-11-22T23:59Z', '2026-W47', '2026-11-16T00:00Z', '2026-11-23T00:00Z'],
    [
      'week 1, which begins in the old year',
      'WEEK',
      '2024-12-30T00:00Z',
      '2025-W01',
      '2024-12-30T00:00Z',
      '2025-01-06T00:00Z',
    ],
    ['week 53', 'WEEK', '2026-12-31T00:00Z', '2026-W53', '2026-12-28T00:00Z', '2027-01-04T00:00Z'],
    [
      'week 53, which ends in the new year',
      'WEEK',
      '2027-01-03T23:59Z',
      '2026-W53',
      '2026-12-28T00:00Z',
      '2027-01-04T00:00Z',
    ],
    ['a quarter', 'QUARTER', '2026-11-23T13:00Z', '2026-Q4', '2026-10-01T00:00Z', '2027-01-01T00:00Z'],
    ['the whole', 'WHOLE', '2026-11-23T13:00Z', 'whole', '1970-01-01T00:00Z', 'never'],
  ] as const)('%s', (_title, kind, time, id, startsAt, endsAt) => {
    const period = at(kind, time);
    expect([period.id, isoOf(period.startsAtMs), isoOf(period.endsAtMs)]).toEqual([id, startsAt, endsAt]);
  });

  test.each([
    [
      'half an hour beside',
      'Asia/Kolkata',
      'DAY',
      '2026-11-22T18:30Z',
      '2026-11-23',
      '2026-11-22T18:30Z',
      '2026-11-23T18:30Z',
    ],
    [
      'a quarter of an hour beside',
      'Asia/Kathmandu',
      'MONTH',
      '2026-11-30T18:14Z',
      '2026-11',
      '2026-10-31T18:15Z',
      '2026-11-30T18:15Z',
    ],
    [
      'far in the east',
      'Pacific/Kiritimati',
      'DAY',
      '2026-11-22T10:00Z',
      '2026-11-23',
      '2026-11-22T10:00Z',
      '2026-11-23T10:00Z',
    ],
    [
      'far in the west',
      'Pacific/Pago_Pago',
      'DAY',
      '2026-11-23T10:59Z',
      '2026-11-22',
      '2026-11-22T11:00Z',
      '2026-11-23T11:00Z',
    ],
    [
      'a day of 23 hours',
      'Europe/Zurich',
      'DAY',
      '2026-03-29T12:00Z',
      '2026-03-29',
      '2026-03-28T23:00Z',
      '2026-03-29T22:00Z',
    ],
    [
      'a day of 25 hours',
      'Europe/Zurich',
      'DAY',
      '2026-10-25T12:00Z',
      '2026-10-25',
      '2026-10-24T22:00Z',
      '2026-10-25T23:00Z',
    ],
    [
      'a month across summer time',
      'America/New_York',
      'MONTH',
      '2026-03-20T00:00Z',
      '2026-03',
      '2026-03-01T05:00Z',
      '2026-04-01T04:00Z',
    ],
    // Clocks went from 23:59:59 to 01:00 on 3 November 2018, and on 4 September 2022 in Chile.
    [
      'a midnight that does not exist',
      'America/Sao_Paulo',
      'DAY',
      '2018-11-04T12:00Z',
      '2018-11-04',
      '2018-11-04T03:00Z',
      '2018-11-05T02:00Z',
    ],
    [
      'the end before such a midnight',
      'America/Santiago',
      'DAY',
      '2022-09-10T12:00Z',
      '2022-09-10',
      '2022-09-10T04:00Z',
      '2022-09-11T04:00Z',
    ],
    [
      'the day that such a midnight begins',
      'America/Santiago',
      'DAY',
      '2022-09-11T12:00Z',
      '2022-09-11',
      '2022-09-11T04:00Z',
      '2022-09-12T03:00Z',
    ],
    // Havana goes from 01:00 back to 00:00: the day begins with the first of its two midnights.
    [
      'a midnight that comes twice',
      'America/Havana',
      'DAY',
      '2026-11-01T05:30Z',
      '2026-11-01',
      '2026-11-01T04:00Z',
      '2026-11-02T05:00Z',
    ],
    // Samoa had no 30 December 2011.
    [
      'the day after one that was left out',
      'Pacific/Apia',
      'DAY',
      '2011-12-30T10:00Z',
      '2011-12-31',
      '2011-12-30T10:00Z',
      '2011-12-31T10:00Z',
    ],
  ] as const)('where it is %s', (_title, timeZone, kind, time, id, startsAt, endsAt) => {
    const period = at(kind, time, timeZone);
    expect([period.id, isoOf(period.startsAtMs), isoOf(period.endsAtMs)]).toEqual([id, startsAt, endsAt]);
  });

  test.each([
    [1, '2026-02-28T00:00Z', '2026-Q1', '2026-01-01T00:00Z', '2026-04-01T00:00Z'],
    [4, '2026-04-01T00:00Z', '2027-Q1', '2026-04-01T00:00Z', '2026-07-01T00:00Z'],
    [4, '2026-03-31T23:59Z', '2026-Q4', '2026-01-01T00:00Z', '2026-04-01T00:00Z'],
    [10, '2026-11-23T00:00Z', '2027-Q1', '2026-10-01T00:00Z', '2027-01-01T00:00Z'],
    [12, '2027-01-15T00:00Z', '2027-Q1', '2026-12-01T00:00Z', '2027-03-01T00:00Z'],
    // A year that begins in February 2026 ends in January 2027.
    [2, '2027-01-15T00:00Z', '2027-Q4', '2026-11-01T00:00Z', '2027-02-01T00:00Z'],
  ])('in a fiscal year from month %i on, %s is in %s', (month, time, id, startsAt, endsAt) => {
    const period = at('QUARTER', time, 'UTC', month);
    expect([period.id, isoOf(period.startsAtMs), isoOf(period.endsAtMs)]).toEqual([id, startsAt, endsAt]);
  });
});

const KINDS: readonly Exclude<PeriodKind, 'WHOLE'>[] = ['DAY', 'WEEK', 'MONTH', 'QUARTER'];
const moment = fc
  .integer({ min: Date.UTC(1990, 0, 1), max: Date.UTC(2060, 0, 1) })
  .map((timeMs) => BigInt(timeMs));
const anyCalendar = fc.record({
  timeZone: fc.constantFrom(
    'UTC',
    'Europe/Zurich',
    'America/New_York',
    'America/Sao_Paulo',
    'America/Havana',
    'America/Santiago',
    'America/St_Johns',
    'Asia/Kolkata',
    'Asia/Kathmandu',
    'Asia/Tehran',
    'Africa/Cairo',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Pacific/Chatham',
    'Pacific/Kiritimati',
  ),
  fiscalYearStartsInMonth: fc.integer({ min: 1, max: 12 }),
});

describe('periods', () => {
  test('follow each other without a gap, and their ids sort in time', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), moment, anyCalendar, (kind, timeMs, where) => {
        const period = periodAt(kind, timeMs, where);
        const endsAtMs = period.endsAtMs ?? 0n;
        expect(period.startsAtMs <= timeMs && timeMs < endsAtMs, 'a moment is in its period').toBe(true);
        expect(periodAt(kind, period.startsAtMs, where)).toEqual(period);
        expect(periodAt(kind, endsAtMs - 1n, where)).toEqual(period);
        const next = periodAt(kind, endsAtMs, where);
        expect(next.startsAtMs).toBe(endsAtMs);
        expect(next.id > period.id, `${next.id} after ${period.id}`).toBe(true);
        const before = periodAt(kind, period.startsAtMs - 1n, where);
        expect(before.endsAtMs).toBe(period.startsAtMs);
      }),
      { numRuns: 1_000 },
    );
  });

  test('follow each other where a midnight comes, goes and comes again', () => {
    // Newfoundland went from 00:01 back to 23:01 of the day before.
    const where = calendar('America/St_Johns');
    const startMs = Date.parse('2006-10-29T02:00Z');
    const ids: string[] = [];
    for (let minute = 0; minute < 120; minute += 0.5) {
      const nowMs = BigInt(startMs + minute * 60_000);
      const { id, startsAtMs, endsAtMs } = periodAt('DAY', nowMs, where);
      expect(startsAtMs <= nowMs && nowMs < (endsAtMs ?? 0n), `minute ${minute}`).toBe(true);
      if (ids.at(-1) !== id) ids.push(id);
    }
    expect(ids).toEqual(['2006-10-28', '2006-10-29']);
  });

  test('are what they are, whatever was asked before', () => {
    const first = at('DAY', '2026-11-23T12:00Z', 'Europe/Zurich');
    at('DAY', '2026-11-25T12:00Z', 'Europe/Zurich');
    at('DAY', '2026-11-23T12:00Z', 'Asia/Kolkata');
    at('MONTH', '2026-11-23T12:00Z', 'Europe/Zurich');
    expect(at('DAY', '2026-11-23T12:00Z', 'Europe/Zurich')).toEqual(first);
  });

  test('cost an operation nothing to speak of: the current one is known', () => {
    const where = calendar('Europe/Zurich');
    const nowMs = BigInt(Date.parse('2026-11-23T12:00Z'));
    const first = periodAt('MONTH', nowMs, where);
    for (let turn = 0n; turn < 10_000n; turn += 1n) {
      expect(periodAt('MONTH', nowMs + turn, where) === first).toBe(true);
    }
  });
});

test.each([
  ['UTC', true],
  ['Europe/Zurich', true],
  ['America/Argentina/Buenos_Aires', true],
  ['', false],
  ['Europe/Atlantis', false],
  ['+01:00', false],
  ['-0800', false],
])('"%s" is an IANA name: %s', (name, isOne) => {
  expect(isTimeZone(name)).toBe(isOne);
});
