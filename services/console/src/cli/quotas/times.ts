// Times are shown and read in the terminal's zone, or in UTC where that is asked for.

import { Option } from 'commander';
import { CliError } from '../cli-error.ts';

export interface Zone {
  /** An ISO time to the minute, with its offset; nothing for what is none. */
  show(iso: unknown): string;
  /** The ISO time of a moment that somebody typed. A date is its first moment, or the first one after it. */
  read(text: string, option: string, edge: 'first' | 'after'): string;
}

export interface ZoneOptions {
  readonly utc?: boolean;
}

export function utcOption(): Option {
  return new Option('--utc', "times in UTC rather than in this terminal's zone");
}

export function zoneOf({ utc: isUtc = false }: ZoneOptions): Zone {
  return {
    show: (iso) => (typeof iso === 'string' && iso !== '' ? shown(new Date(iso), isUtc) : ''),
    read: (text, option, edge) => {
      const moment = dateIn(text, isUtc, edge) ?? spanIn(text) ?? timeIn(text, isUtc);
      if (moment !== undefined) return moment.toISOString();
      throw new CliError(
        `${option} takes a date like 2026-12-31, a time like 2026-12-31T18:00 or a span like 30d`,
        2,
      );
    },
  };
}

function shown(date: Date, isUtc: boolean): string {
  const offsetMinutes = isUtc ? 0 : -date.getTimezoneOffset();
  const local = new Date(date.getTime() + offsetMinutes * MINUTE_MS).toISOString();
  return `${local.slice(0, 10)} ${local.slice(11, 16)}${offsetText(offsetMinutes)}`;
}

function offsetText(minutes: number): string {
  if (minutes === 0) return 'Z';
  const two = (part: number) => String(Math.floor(part)).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`;
}

/** The day after a date begins later than 24 hours on where a zone's clocks are turned back. */
function dateIn(text: string, isUtc: boolean, edge: 'first' | 'after'): Date | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || !isCalendarDate(text)) return undefined;
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  const wanted = edge === 'after' ? day + 1 : day;
  return isUtc ? new Date(Date.UTC(year, month - 1, wanted)) : new Date(year, month - 1, wanted);
}

function isCalendarDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function spanIn(text: string): Date | undefined {
  const span = /^([1-9][0-9]{0,4})([hd])$/.exec(text);
  if (span === null) return undefined;
  return new Date(Date.now() + Number(span[1]) * (span[2] === 'h' ? HOUR_MS : 24 * HOUR_MS));
}

function timeIn(text: string, isUtc: boolean): Date | undefined {
  const [, date = '', zone] =
    /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text) ?? [];
  if (date === '' || !isCalendarDate(date)) return undefined;
  const moment = new Date(isUtc && zone === undefined ? `${text}Z` : text);
  return Number.isNaN(moment.getTime()) ? undefined : moment;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
