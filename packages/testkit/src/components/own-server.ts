import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWatched, type WatchedProcess, type WatchedProcessOptions } from './watched-process.ts';

/** A server with a folder of its own, which goes with it. */
export interface OwnServer {
  readonly pid: number;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** After `kill`: again, on the same port, with what it had stored. */
  restart(): Promise<void>;
  /** Ends it and removes all that it stored. */
  stop(): Promise<void>;
}

/**
 * @param prepare makes in the folder what the server needs, and says how it is started
 * @throws Error with the last of what it printed when it does not come to answer; nothing is left of it then
 */
export async function startOwnServer(
  name: string,
  prepare: (folder: string) => Promise<Omit<WatchedProcessOptions, 'name' | 'folder'>>,
): Promise<OwnServer> {
  const folder = await mkdtemp(join(tmpdir(), `aiswitch-${name.toLowerCase()}-`));
  const remove = () => rm(folder, { recursive: true, force: true });
  let options: WatchedProcessOptions;
  let running: WatchedProcess;
  try {
    options = { name, folder, ...(await prepare(folder)) };
    running = await startWatched(options);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    get pid() {
      return running.pid;
    },
    kill: () => running.kill(),
    restart: async () => {
      running = await startWatched(options);
    },
    stop: async () => {
      // Nothing of it is kept, so it need not end in good order, which takes seconds.
      await running.kill();
      await remove();
    },
  };
}
