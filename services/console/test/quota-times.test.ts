import { afterEach, describe, expect, it, vi } from 'vitest';
import { zoneOf } from '../src/cli/quotas/times.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

function terminalIn(zone: string) {
  vi.stubEnv('TZ', zone);
  return zoneOf({});
}

describe('a time', () => {
  it.each([
    ['Europe/Zurich', '2026-12-01 00:30+01:00'],
    ['Asia/Kathmandu', '2026-12-01 05:15+05:45'],
    ['America/St_Johns', '2026-11-30 20:00-03:30'],
    ['UTC', '2026-11-30 23:30Z'],
  ])('is shown in the zone of a terminal in %s', (zone, text) => {
    expect(terminalIn(zone).show('2026-11-30T23:30:59.000Z')).toBe(text);
  });

  it('is shown in UTC where that is asked for', () => {
    vi.stubEnv('TZ', 'Europe/Zurich');
    expect(zoneOf({ utc: true }).show('2026-11-30T23:30:59.000Z')).toBe('2026-11-30 23:30Z');
  });

  it('that is not there is shown as nothing', () => {
    expect(zoneOf({}).show(undefined)).toBe('');
  });
});

describe('a moment that somebody types', () => {
  it.each([
    ['2026-12-31', 'after', '2026-12-31T23:00:00.000Z'],
    ['2026-12-31', 'first', '2026-12-30T23:00:00.000Z'],
    // The clocks are turned back on that day: it has 25 hours.
    ['2026-10-25', 'first', '2026-10-24T22:00:00.000Z'],
    ['2026-10-25', 'after', '2026-10-25T23:00:00.000Z'],
    ['2026-12-31T18:00', 'after', '2026-12-31T17:00:00.000Z'],
    ['2026-12-31T18:00:30Z', 'after', '2026-12-31T18:00:30.000Z'],
    ['2026-12-31T18:00-05:00', 'after', '2026-12-31T23:00:00.000Z'],
  ] as const)('as %s means, as the %s moment, %s in Zurich', (text, edge, iso) => {
    expect(terminalIn('Europe/Zurich').read(text, '--until', edge)).toBe(iso);
  });

  it('is in UTC where that is asked for', () => {
    vi.stubEnv('TZ', 'Europe/Zurich');
    const { read } = zoneOf({ utc: true });
    expect(read('2026-12-31', '--until', 'after')).toBe('2027-01-01T00:00:00.000Z');
    expect(read('2026-12-31T18:00', '--until', 'after')).toBe('2026-12-31T18:00:00.000Z');
  });

  it('may be so many hours or days from now', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 23, 4) });
    const { read } = zoneOf({});
    expect(read('12h', '--until', 'after')).toBe('2026-11-23T16:00:00.000Z');
    expect(read('30d', '--until', 'after')).toBe('2026-12-23T04:00:00.000Z');
  });

  it.each(['', 'tomorrow', '2026-02-30', '2026-13-01', '2026-12-31T25:00', '31.12.2026', '0d', '2026-12'])(
    'is not %j',
    (text) => {
      expect(() => zoneOf({}).read(text, '--until', 'after')).toThrow('--until takes a date like');
    },
  );
});
