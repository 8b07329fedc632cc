// Periods as the oracle knows them: the date on the wall names the period, and it ends where the name changes.

export interface CalendarRules {
  readonly timeZone: string;
  readonly fiscalYearStartsInMonth: number;
}

export interface OraclePeriod {
  readonly id: string;
  readonly endsAtMs: number | null;
}

export type PeriodKind = 'DAY' | 'WEEK' | 'MONTH' | 'QUARTER' | 'WHOLE';

const HOUR_MS = 3_600_000;
/** Longer than any period but the whole. */
const SPAN_MAX_MS = 100 * 24 * HOUR_MS;

const ends = new Map<string, number>();

export function oraclePeriodAt(kind: PeriodKind, nowMs: number, rules: CalendarRules): OraclePeriod {
  if (kind === 'WHOLE') return { id: 'whole', endsAtMs: null };
  const id = nameAt(kind, nowMs, rules);
  const key = `${rules.timeZone} ${rules.fiscalYearStartsInMonth} ${id}`;
  let endsAtMs = ends.get(key);
  if (endsAtMs === undefined) {
    let inside = nowMs;
    let outside = nowMs + SPAN_MAX_MS;
    while (outside - inside > 1) {
      const middle = Math.floor((inside + outside) / 2);
      if (nameAt(kind, middle, rules) === id) inside = middle;
      else outside = middle;
    }
    endsAtMs = outside;
    ends.set(key, endsAtMs);
  }
  return { id, endsAtMs };
}

function nameAt(kind: Exclude<PeriodKind, 'WHOLE'>, timeMs: number, rules: CalendarRules): string {
  const [year, month, day] = wallDate(timeMs, rules.timeZone);
  if (kind === 'DAY') return `${year}-${two(month)}-${two(day)}`;
  if (kind === 'MONTH') return `${year}-${two(month)}`;
  if (kind === 'QUARTER') {
    const passed = (month - rules.fiscalYearStartsInMonth + 12) % 12;
    // The fiscal year is called by the calendar year in which its last month lies.
    const isNextYear = rules.fiscalYearStartsInMonth > 1 && month >= rules.fiscalYearStartsInMonth;
    return `${isNextYear ? year + 1 : year}-Q${1 + Math.floor(passed / 3)}`;
  }
  // The week belongs to the year of its Thursday, and is the one of that year's Thursdays that it has.
  const date = new Date(Date.UTC(year, month - 1, day));
  const thursday = new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * 24 * HOUR_MS);
  const dayOfYear = (thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / (24 * HOUR_MS);
  return `${thursday.getUTCFullYear()}-W${two(1 + Math.floor(dayOfYear / 7))}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallDate(timeMs: number, timeZone: string): readonly [number, number, number] {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
    formats.set(timeZone, format);
  }
  const [year = 0, month = 0, day = 0] = format.format(timeMs).split('-').map(Number);
  return [year, month, day];
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
