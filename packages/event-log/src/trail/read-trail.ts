// A trail as lines, read page by page from who keeps it while it grows. What is read twice, before and after the records of a
// log, is what lets whoever verifies tell a trail that grew from one that was changed.

import type { Page } from '@ai-switch/contracts';
import type { RootLine, Signed, TrailLine } from './trail-line.ts';

/** Where a trail is read from: the port or the admin API. Bytes are in base64, hashes in hex. */
export interface TrailSource {
  completeness(page: Page): Promise<{
    readonly logs: readonly ({ readonly producer: string; readonly epoch: number } & Signed)[];
    readonly nextAfter: string;
    readonly head: Signed;
  }>;
  trail(
    producer: string,
    epoch: number,
    afterSequence: number,
    limit: number,
  ): Promise<{
    readonly records: readonly {
      readonly sequence: number;
      readonly type: string;
      readonly data: string;
      readonly chain: string;
    }[];
    readonly base: { readonly sequence: number; readonly chain: string };
  }>;
  roots(
    afterNumber: number,
    limit: number,
  ): Promise<{ readonly roots: readonly Omit<RootLine, 'kind'>[]; readonly publicKey: string }>;
}

const LOGS_A_PAGE = 100;
const RECORDS_A_PAGE = 1_000;
const ROOTS_A_PAGE = 100;

export async function* readTrailLines(source: TrailSource, nowMs: number): AsyncGenerator<TrailLine> {
  const { publicKey } = await source.roots(0, 1);
  yield { kind: 'trail', version: 1, exportedAtMs: nowMs, publicKey };
  const { head } = await source.completeness({ after: '', limit: 1 });
  yield { kind: 'head', ...head };
  let rootNumber = 0;
  for await (const root of rootsAfter(source, 0)) {
    rootNumber = root.number;
    yield root;
  }
  let after = '';
  do {
    const page = await source.completeness({ after, limit: LOGS_A_PAGE });
    for (const log of page.logs) yield* logLines(source, log);
    after = page.nextAfter;
  } while (after !== '');
  yield* lastHead(source, rootNumber);
}

async function* logLines(
  source: TrailSource,
  { producer, epoch, statement, signature }: { readonly producer: string; readonly epoch: number } & Signed,
): AsyncGenerator<TrailLine> {
  yield { kind: 'log', producer, epoch, statement, signature };
  let after = 0;
  let base = -1;
  for (;;) {
    const page = await source.trail(producer, epoch, after, RECORDS_A_PAGE);
    if (page.base.sequence !== base) {
      base = page.base.sequence;
      yield { kind: 'base', ...page.base };
    }
    for (const record of page.records) yield { kind: 'record', ...record };
    const last = page.records.at(-1);
    if (last === undefined || last.sequence <= after) break;
    after = last.sequence;
  }
  const now = await stateNow(source, producer, epoch);
  yield { kind: 'end', statement: now?.statement ?? '', signature: now?.signature ?? '' };
}

async function stateNow(source: TrailSource, producer: string, epoch: number): Promise<Signed | undefined> {
  // The page after the place just before it begins with it.
  const { logs } = await source.completeness({ after: `${epoch - 1}@${producer}`, limit: 1 });
  return logs.find((log) => log.producer === producer && log.epoch === epoch);
}

/** The head, and the roots that were signed while the logs were read. */
async function* lastHead(source: TrailSource, after: number): AsyncGenerator<TrailLine> {
  let last = after;
  for (;;) {
    const { head } = await source.completeness({ after: '', limit: 1 });
    let isNew = false;
    for await (const root of rootsAfter(source, last)) {
      last = root.number;
      isNew = true;
      yield root;
    }
    if (isNew) continue;
    yield { kind: 'head', ...head };
    return;
  }
}

async function* rootsAfter(source: TrailSource, number: number): AsyncGenerator<RootLine> {
  let after = number;
  for (;;) {
    const { roots } = await source.roots(after, ROOTS_A_PAGE);
    for (const root of roots) yield { kind: 'root', ...root };
    const last = roots.at(-1);
    if (last === undefined || last.number <= after) return;
    after = last.number;
  }
}
