// Copies the write-ahead log into the database file on a thread of its own. SQLite shares its locks between all its
// connections of one process, so a second connection through SQLite is safe where a plain open of the file is not.

import { DatabaseSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';

export interface CheckpointRequest {
  readonly id: number;
  readonly path: string;
}

export interface CheckpointReply {
  readonly id: number;
  /** Frames in the log, copied or not; 0 when the checkpoint could not be made. */
  readonly logFrames: number;
}

parentPort?.on('message', ({ id, path }: CheckpointRequest) => {
  const reply: CheckpointReply = { id, logFrames: checkpoint(path) };
  parentPort?.postMessage(reply);
});

function checkpoint(path: string): number {
  try {
    const connection = new DatabaseSync(path);
    try {
      connection.exec('pragma synchronous = normal');
      // Passive: it never makes the writer wait.
      const row = connection.prepare('pragma wal_checkpoint(passive)').get();
      return Math.max(0, Number(row?.log ?? 0));
    } finally {
      connection.close();
    }
  } catch {
    // The log only grows meanwhile; the next request tries again, and SQLite itself does at its own bound.
    return 0;
  }
}
