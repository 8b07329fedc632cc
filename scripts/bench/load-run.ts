import { setTimeout as sleep } from 'node:timers/promises';
import { requestBody } from './answers.ts';
import { type Connection, openConnection } from './connection.ts';
import { cpuMsOf } from './process-usage.ts';
import { type Percentiles, percentiles } from './statistics.ts';

export interface LoadOrder {
  readonly port: number;
  readonly apiKey: string;
  /** Milliseconds between the chunks of a stream; absent: no stream is asked for. */
  readonly chunkMs?: number;
  readonly connections: number;
  /** Requests a second, sent whether or not answers come; absent: each connection asks again once it is answered. */
  readonly ratePerSecond?: number;
  /** Runs before the measured window so that connections and pools are open. */
  readonly settleMs: number;
  readonly windowMs: number;
  /** The exact length of a right answer's body. */
  readonly bodyBytes: number;
  /** The process whose processor time counts. */
  readonly measuredPid: number;
}

export interface LoadResult {
  /** Of answers' worth of bytes, so that a thousand streams under way count for what came of them in the window. */
  readonly requestsPerSecond: number;
  readonly errors: number;
  readonly firstError: string | undefined;
  /** From the moment a request was due to the last byte of its answer. */
  readonly wholeMs: Percentiles;
  /** The same, to the first byte of the body. */
  readonly firstByteMs: Percentiles;
  /** Of the measured process, a request. */
  readonly cpuMicrosPerRequest: number | undefined;
  /** The load generator's own share of one core. */
  readonly ownCpuShare: number;
}

const CONNECT_WAVE = 100;
const PACER_MS = 1;
const DRAIN_MS_MAX = 10_000;
const DRAIN_LOOK_MS = 5;

/**
 * Asks for `windowMs` and checks of every answer the status, the exact length and, for a stream, the terminal `[DONE]`.
 * Anything else is an error. Only what comes within the window counts.
 */
export async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const tally: Tally = {
    isOpen: false,
    bodyBytes: 0,
    errors: 0,
    firstError: undefined,
    wholeMs: [],
    firstByteMs: [],
  };
  const source = order.ratePerSecond === undefined ? askAgainAtOnce() : askAtRate(order.ratePerSecond);
  const connections = await openAll(order, source, tally);
  source.start(connections);
  await sleep(order.settleMs);
  const window = await openWindow(order, tally);
  source.stop();
  await drain(connections, tally);
  const answered = tally.bodyBytes / order.bodyBytes;
  const { elapsedMs, measuredCpuMs, ownCpuMs } = window;
  return {
    requestsPerSecond: answered / (elapsedMs / 1000),
    errors: tally.errors,
    firstError: tally.firstError,
    wholeMs: percentiles(tally.wholeMs),
    firstByteMs: percentiles(tally.firstByteMs),
    cpuMicrosPerRequest:
      measuredCpuMs === undefined || answered === 0 ? undefined : (measuredCpuMs * 1000) / answered,
    ownCpuShare: ownCpuMs / elapsedMs,
  };
}

interface Tally {
  isOpen: boolean;
  bodyBytes: number;
  errors: number;
  firstError: string | undefined;
  readonly wholeMs: number[];
  readonly firstByteMs: number[];
}

function countError(tally: Tally, problem: string): void {
  tally.errors += 1;
  tally.firstError ??= problem;
}

/** Decides when a connection asks. */
interface Source {
  start(connections: readonly Connection[]): void;
  onFree(connection: Connection, nowMs: number): void;
  stop(): void;
}

function askAgainAtOnce(): Source {
  let isStopped = false;
  return {
    start: (connections) => {
      for (const connection of connections) connection.ask(performance.now());
    },
    onFree: (connection, nowMs) => {
      if (!isStopped) connection.ask(nowMs);
    },
    stop: () => {
      isStopped = true;
    },
  };
}

/** An even rate, each request on the connection that has been idle longest. One that finds none waits, its clock running. */
function askAtRate(ratePerSecond: number): Source {
  const free: Connection[] = [];
  const dueAtMs: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sent = 0;
  return {
    start: (connections) => {
      free.push(...connections);
      const startMs = performance.now();
      timer = setInterval(() => {
        const nowMs = performance.now();
        const due = Math.floor(((nowMs - startMs) * ratePerSecond) / 1000);
        for (; sent < due; sent += 1) {
          const connection = free.shift();
          if (connection === undefined) dueAtMs.push(nowMs);
          else connection.ask(nowMs);
        }
      }, PACER_MS);
    },
    onFree: (connection) => {
      const due = dueAtMs.shift();
      if (due === undefined) free.push(connection);
      else connection.ask(due);
    },
    stop: () => {
      clearInterval(timer);
      dueAtMs.length = 0;
    },
  };
}

async function openAll(order: LoadOrder, source: Source, tally: Tally): Promise<readonly Connection[]> {
  const options = {
    port: order.port,
    request: requestBytes(order),
    bodyBytes: order.bodyBytes,
    isStreaming: order.chunkMs !== undefined,
    onBytes: (count: number) => {
      if (tally.isOpen) tally.bodyBytes += count;
    },
    onAnswer: (connection: Connection, startMs: number, firstByteMs: number) => {
      const nowMs = performance.now();
      if (tally.isOpen) {
        tally.wholeMs.push(nowMs - startMs);
        tally.firstByteMs.push(firstByteMs - startMs);
      }
      source.onFree(connection, nowMs);
    },
    onError: (problem: string) => countError(tally, problem),
  };
  const connections: Connection[] = [];
  while (connections.length < order.connections) {
    const wave = Math.min(CONNECT_WAVE, order.connections - connections.length);
    connections.push(...(await Promise.all(Array.from({ length: wave }, () => openConnection(options)))));
  }
  return connections;
}

function requestBytes(order: LoadOrder): Buffer {
  const body = requestBody(order.chunkMs);
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    `host: 127.0.0.1:${order.port}`,
    `authorization: Bearer ${order.apiKey}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

async function openWindow(order: LoadOrder, tally: Tally) {
  const startMs = performance.now();
  const ownBefore = process.cpuUsage();
  const measuredBefore = cpuMsOf(order.measuredPid);
  tally.isOpen = true;
  await sleep(order.windowMs);
  tally.isOpen = false;
  const own = process.cpuUsage(ownBefore);
  const measuredAfter = cpuMsOf(order.measuredPid);
  return {
    elapsedMs: performance.now() - startMs,
    ownCpuMs: (own.user + own.system) / 1000,
    measuredCpuMs:
      measuredBefore === undefined || measuredAfter === undefined
        ? undefined
        : measuredAfter - measuredBefore,
  };
}

async function drain(connections: readonly Connection[], tally: Tally): Promise<void> {
  const deadlineMs = performance.now() + DRAIN_MS_MAX;
  const isBusy = () => connections.some((connection) => connection.isBusy());
  while (isBusy() && performance.now() < deadlineMs) await sleep(DRAIN_LOOK_MS);
  for (const connection of connections) {
    if (connection.isBusy()) countError(tally, `no answer within ${DRAIN_MS_MAX} ms after the window`);
    connection.close();
  }
}
