// Periods of buckets in a company's time zone. A bucket's row for a period is made when somebody first touches it: there
// is no job that resets anything.

import type { PeriodKind } from './model.ts';

export interface Period {
  /** `2026-11-23`, `2026-W48`, `2026-11`, `2026-Q4` or `whole`. */
  readonly id: string;
  readonly startsAtMs: bigint;
  /** The first moment after it; null for one without an end. */
  readonly endsAtMs: bigint | null;
}

export interface Calendar {
  /** An IANA name. */
  readonly timeZone: string;
  /** 1 to 12. */
  readonly fiscalYearStartsInMonth: number;
}

/** Periods that are kept: the current one of each kind and calendar. */
const KEPT_MAX = 1_000;
const kept = new Map<string, Period>();

const WHOLE: Period = { id: 'whole', startsAtMs: 0n, endsAtMs: null };

/** The period of a moment. */
export function periodAt(kind: PeriodKind, nowMs: bigint, calendar: Calendar): Period {
  if (kind === 'WHOLE') return WHOLE;
  const key = `${kind} ${calendar.fiscalYearStartsInMonth} ${calendar.timeZone}`;
  const known = kept.get(key);
  if (known !== undefined && contains(known, nowMs)) return known;
  const period = makePeriod(kind, nowMs, calendar);
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(key, period);
  return period;
}

/** Whether this is an IANA name; an offset, which `Intl` takes as well, knows no summer time and is none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function contains({ startsAtMs, endsAtMs }: Period, nowMs: bigint): boolean {
  return startsAtMs <= nowMs && (endsAtMs === null || nowMs < endsAtMs);
}

type DatedKind = Exclude<PeriodKind, 'WHOLE'>;

function makePeriod(kind: DatedKind, nowMs: bigint, calendar: Calendar): Period {
  const { timeZone } = calendar;
  let day = localDay(Number(nowMs), timeZone);
  // Where clocks are set back over midnight, the same local day comes twice: it begins with its first moment.
  if (nowMs < firstMomentOf(day, timeZone)) day -= 1;
  else if (nowMs >= firstMomentOf(day + 1, timeZone)) day += 1;
  const { id, firstDay, nextFirstDay } = spanOf(kind, day, calendar.fiscalYearStartsInMonth);
  return {
    id,
    startsAtMs: firstMomentOf(firstDay, timeZone),
    endsAtMs: firstMomentOf(nextFirstDay, timeZone),
  };
}

// A local day is a number: days since 1970-01-01 by the calendar on the wall.

const DAY_MS = 86_400_000;

interface Span {
  readonly id: string;
  readonly firstDay: number;
  readonly nextFirstDay: number;
}

function spanOf(kind: DatedKind, day: number, fiscalYearStartsInMonth: number): Span {
  const date = new Date(day * DAY_MS);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  switch (kind) {
    case 'DAY':
      return { id: isoDate(day), firstDay: day, nextFirstDay: day + 1 };
    case 'WEEK':
      return weekOf(day);
    case 'MONTH':
      return {
        id: isoDate(day).slice(0, 7),
        firstDay: dayOf(year, month),
        nextFirstDay: dayOf(year, month + 1),
      };
    case 'QUARTER': {
      const monthOfFiscalYear = (month - (fiscalYearStartsInMonth - 1) + 12) % 12;
      const quarter = Math.floor(monthOfFiscalYear / 3);
      const firstMonth = month - (monthOfFiscalYear % 3);
      const yearEnd = new Date(dayOf(year, month - monthOfFiscalYear + 11) * DAY_MS);
      return {
        id: `${yearText(yearEnd.getUTCFullYear())}-Q${quarter + 1}`,
        firstDay: dayOf(year, firstMonth),
        nextFirstDay: dayOf(year, firstMonth + 3),
      };
    }
  }
}

/** ISO 8601: a week begins on Monday and belongs to the year that its Thursday is in. */
function weekOf(day: number): Span {
  // 1970-01-01 was a Thursday.
  const monday = day - ((((day + 3) % 7) + 7) % 7);
  const thursdayYear = new Date((monday + 3) * DAY_MS).getUTCFullYear();
  const week = Math.floor((monday + 3 - dayOf(thursdayYear, 0)) / 7) + 1;
  const id = `${yearText(thursdayYear)}-W${String(week).padStart(2, '0')}`;
  return { id, firstDay: monday, nextFirstDay: monday + 7 };
}

function dayOf(year: number, month: number): number {
  return Date.UTC(year, month, 1) / DAY_MS;
}

function isoDate(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function yearText(year: number): string {
  return String(year).padStart(4, '0');
}

/** No zone is further from UTC than this. */
const OFFSET_MAX_MS = 16 * 3_600_000;

/** The first moment that falls on this local day or a later one: midnight may not exist. */
function firstMomentOf(day: number, timeZone: string): bigint {
  let before = day * DAY_MS - OFFSET_MAX_MS;
  let from = day * DAY_MS + OFFSET_MAX_MS;
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (localDay(middle, timeZone) < day) before = middle;
    else from = middle;
  }
  return BigInt(from);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localDay(timeMs: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    });
    if (formats.size >= KEPT_MAX) formats.clear();
    formats.set(timeZone, format);
  }
  const part = { year: 0, month: 0, day: 0 };
  for (const { type, value } of format.formatToParts(timeMs)) {
    if (type === 'year' || type === 'month' || type === 'day') part[type] = Number(value);
  }
  return Date.UTC(part.year, part.month - 1, part.day) / DAY_MS;
}
