// The oracle's own reading of which buckets a request touches, and of what is left in them.

import { type OraclePeriod, oraclePeriodAt } from './calendar.ts';
import type { Company, OracleBalance, OracleBucket, OracleLine, OracleSubject, Tier } from './company.ts';
import { at, type Vector, ZERO } from './vector.ts';

export const FUNDING: readonly Tier[] = ['PERSONAL', 'PROJECT', 'SUPPLEMENTARY'];
const UNLIMITED = [null, null, null, null, null];
/** Nothing is admitted past this. */
const ADMITTED_MAX = 2n ** 62n;

/** The lines of a plan; none when nothing pays. */
export function linesFor(company: Company, subject: OracleSubject, nowMs: number): OracleLine[] {
  const { userId, projectId, departmentIds, model } = subject;
  const upwards = [...departmentIds].reverse().map((id) => `department:${id}`);
  const project = projectId === '' ? [] : [`project:${projectId}`];
  const nearest = [`user:${userId}`, ...project, ...upwards, 'company'];
  const order = nearest.map((scope) => company.orders.get(scope)).find((tiers) => tiers !== undefined);
  const open = [...company.buckets.values()].filter((bucket) => isValid(bucket, nowMs));
  const chosen: OracleBucket[] = [];
  for (const tier of order ?? FUNDING) {
    if (tier === 'PERSONAL') {
      const own = company.buckets.get(`personal:${userId}`) ?? impliedBucket(`personal:${userId}`);
      if (isValid(own, nowMs)) chosen.push(own);
    } else if (tier === 'PROJECT') {
      chosen.push(...open.filter((bucket) => bucket.tier === tier && project.includes(bucket.scope)));
    } else {
      const grants = open.filter((bucket) => bucket.tier === tier && nearest.includes(bucket.scope));
      chosen.push(...grants.sort(byExpiry));
    }
  }
  if (chosen.length === 0) return [];
  const caps = ['company', ...departmentIds.map((id) => `department:${id}`)];
  if (model !== '') caps.push(`model:${model}`);
  for (const scope of caps)
    chosen.push(...open.filter((each) => each.tier === 'CAP' && each.scope === scope));
  return chosen.map((bucket) => lineOf(bucket, oraclePeriodAt(bucket.periodKind, nowMs, company.policy)));
}

export function orphanLinesFor(company: Company, subject: OracleSubject, nowMs: number): OracleLine[] {
  const lines = linesFor(company, subject, nowMs);
  if (lines.length > 0) return lines;
  const id = `personal:${subject.userId}`;
  const own = company.buckets.get(id) ?? impliedBucket(id);
  return [lineOf(own, oraclePeriodAt(own.periodKind, nowMs, company.policy))];
}

export function platformLine(company: Company, nowMs: number): OracleLine {
  return lineOf(impliedBucket('platform'), oraclePeriodAt('MONTH', nowMs, company.policy));
}

/** The balance under a line, made with the bucket's limits when the line is the first to touch it. */
export function balanceUnder(company: Company, { bucket, period }: OracleLine): OracleBalance {
  const key = `${bucket}\0${period}`;
  let balance = company.balances.get(key);
  if (balance === undefined) {
    let put = company.buckets.get(bucket);
    if (put === undefined) {
      put = impliedBucket(bucket);
      company.buckets.set(bucket, put);
    }
    balance = { limits: put.limits, ...openingOf(put), held: ZERO, used: ZERO, overrun: ZERO };
    company.balances.set(key, balance);
  }
  return balance;
}

/** From when and until when a bucket admits. */
export function openingOf({ validFromMs, validUntilMs, closedAtMs }: OracleBucket) {
  const ends = [validUntilMs, closedAtMs].filter((end) => end !== null);
  return { openFromMs: validFromMs, openUntilMs: ends.length === 0 ? null : Math.min(...ends) };
}

export function roomUnder(company: Company, line: OracleLine, type: number, nowMs: number): bigint {
  const balance = balanceUnder(company, line);
  const { openFromMs, openUntilMs } = balance;
  const isOpen = (openFromMs ?? 0) <= nowMs && (openUntilMs === null || nowMs < openUntilMs);
  if (!isOpen && line.tier !== 'CAP') return 0n;
  const limit = isOpen ? (balance.limits[type] ?? ADMITTED_MAX) : ADMITTED_MAX;
  const room = limit - levelOf(balance, type);
  return room > 0n ? room : 0n;
}

/** What counts against the limit. */
export function levelOf(balance: { held: Vector; used: Vector; overrun: Vector }, type: number): bigint {
  return at(balance.used, type) - at(balance.overrun, type) + at(balance.held, type);
}

/** The bucket that everybody has without asking. */
export function impliedBucket(bucket: string): OracleBucket {
  const isPlatform = bucket === 'platform';
  return {
    bucket,
    tier: isPlatform ? 'PLATFORM' : 'PERSONAL',
    scope: isPlatform ? 'platform' : bucket.replace('personal:', 'user:'),
    limits: UNLIMITED,
    periodKind: 'MONTH',
    validFromMs: null,
    validUntilMs: null,
    closedAtMs: null,
  };
}

function isValid({ closedAtMs, validFromMs, validUntilMs }: OracleBucket, nowMs: number): boolean {
  if (closedAtMs !== null && closedAtMs <= nowMs) return false;
  if (validFromMs !== null && nowMs < validFromMs) return false;
  return validUntilMs === null || nowMs < validUntilMs;
}

function byExpiry(one: OracleBucket, other: OracleBucket): number {
  const difference = (one.validUntilMs ?? Infinity) - (other.validUntilMs ?? Infinity);
  if (difference > 0) return 1;
  if (difference < 0) return -1;
  return one.bucket < other.bucket ? -1 : 1;
}

function lineOf({ bucket, tier }: OracleBucket, { id, endsAtMs }: OraclePeriod): OracleLine {
  return { bucket, tier, period: id, endsAtMs, held: ZERO, used: ZERO, overrun: ZERO };
}
