// A checkpoint copies megabytes and waits for the disk twice, 5 to 60 ms. SQLite makes it inside some commit, where every
// stream of the process would wait for it; here a thread makes it.

import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { CheckpointReply, CheckpointRequest } from './checkpoint-worker.ts';

const INTERVAL_MS = 250;
/**
 * A writer that never rests keeps the thread from ever reaching the end of the log, and only a log copied to its end
 * begins anew. From this size on, 64 MB, the writer copies the few frames that are left itself.
 */
const LOG_FRAMES_MAX = 16_384;
/** When the thread is gone SQLite checkpoints by itself, in a commit, from this size on. */
export const AUTOMATIC_CHECKPOINT_FRAMES = 32_768;

export interface Checkpointer {
  /** Resolves once no checkpoint is under way. */
  close(): Promise<void>;
}

/** Checkpoints the database at `path` while it changes. `finish` runs a checkpoint on the writer's connection. */
export function startCheckpointer(
  connection: DatabaseSync,
  path: string,
  finish: () => Promise<unknown>,
): Checkpointer {
  const changes = connection.prepare('select total_changes() as count');
  let countBefore = 0n;
  let running: Promise<void> | undefined;

  const run = async () => {
    const logFrames = await askThread(path);
    // A failed one leaves a longer log, no harm else.
    if (logFrames > LOG_FRAMES_MAX) await finish().catch(() => {});
  };
  const timer = setInterval(() => {
    const count = changes.get()?.count;
    if (running !== undefined || typeof count !== 'bigint' || count === countBefore) return;
    countBefore = count;
    running = run().finally(() => {
      running = undefined;
    });
  }, INTERVAL_MS);
  timer.unref();

  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, (logFrames: number) => void>;
}

/** One thread serves every database of the process; it starts with the first request. */
let thread: Thread | undefined;
let lastId = 0;

function askThread(path: string): Promise<number> {
  thread ??= startThread();
  const { worker, waiting } = thread;
  lastId += 1;
  const request: CheckpointRequest = { id: lastId, path };
  return new Promise((resolve) => {
    waiting.set(request.id, resolve);
    worker.ref();
    worker.postMessage(request);
  });
}

function startThread(): Thread {
  const worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url));
  const waiting: Thread['waiting'] = new Map();
  const answer = (id: number, logFrames: number) => {
    waiting.get(id)?.(logFrames);
    waiting.delete(id);
    // An idle thread must not keep the process alive.
    if (waiting.size === 0) worker.unref();
  };
  const end = () => {
    thread = undefined;
    for (const id of [...waiting.keys()]) answer(id, 0);
  };
  worker.on('message', ({ id, logFrames }: CheckpointReply) => answer(id, logFrames));
  // Whoever waits is answered at the exit that follows.
  worker.on('error', () => {});
  worker.on('exit', end);
  return { worker, waiting };
}
