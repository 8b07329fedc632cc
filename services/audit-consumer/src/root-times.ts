// When roots are signed, and where they go besides the database: each as a file, for whoever carries them elsewhere.

import { randomBytes } from 'node:crypto';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SignedRoot } from '@ai-switch/contracts';
import type { Signer } from '@ai-switch/event-log';
import { type Clock, makeFolder } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { AuditDatabase } from './lists.ts';
import { readRoots, signRoot } from './roots.ts';
import type { AuditStore } from './store.ts';

const ROOT_EVERY_MS = 3_600_000n;
const LOOK_EVERY_MS = 60_000;
const FILES_AT_ONCE_MAX = 100;

export interface RootTimes {
  /** Signs a root, however young the newest is. */
  signNow(): Promise<void>;
  close(): Promise<void>;
}

export function startRoots({
  signer,
  clock,
  logger,
  folder,
  ...parts
}: {
  readonly database: AuditDatabase;
  readonly store: AuditStore;
  readonly signer: Signer | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly folder: string | undefined;
}): RootTimes {
  if (signer === undefined) return { signNow: async () => {}, close: async () => {} };
  let last: Promise<void> = Promise.resolve();
  const sign = async (ageMs: bigint) => {
    await signRoot({ ...parts, signer }, BigInt(clock.nowMs()), ageMs);
    if (folder !== undefined) await exportRoots(parts.database, folder);
  };
  const next = (ageMs: bigint) => {
    last = last.catch(() => {}).then(() => sign(ageMs));
    return last;
  };
  const timer = setInterval(() => {
    next(ROOT_EVERY_MS).catch((err: unknown) =>
      logger.error({ err }, 'no root of the trail could be signed'),
    );
  }, LOOK_EVERY_MS).unref();
  return {
    signNow: () => next(0n),
    close: async () => {
      clearInterval(timer);
      await last.catch(() => {});
    },
  };
}

/** Writes the roots that the folder has not got. */
async function exportRoots(database: AuditDatabase, folder: string): Promise<void> {
  makeFolder(folder, 0o700);
  const newest = (await readdir(folder))
    .map((name) => /^root-(\d{9})\.json$/.exec(name)?.[1])
    .reduce((most, digits) => Math.max(most, Number(digits ?? 0)), 0);
  let after = BigInt(newest);
  for (;;) {
    const roots = await readRoots(database.asSystem('upkeep'), after, FILES_AT_ONCE_MAX);
    for (const root of roots) await writeRoot(folder, root);
    const last = roots.at(-1);
    if (last === undefined) return;
    after = last.number;
  }
}

async function writeRoot(
  folder: string,
  { number, statement, signature, leaves }: SignedRoot,
): Promise<void> {
  const path = join(folder, `root-${String(number).padStart(9, '0')}.json`);
  const next = `${path}.${randomBytes(4).toString('hex')}`;
  const text = JSON.stringify({ statement, signature: Buffer.from(signature).toString('base64'), leaves });
  await writeFile(next, `${text}\n`, { mode: 0o600, flush: true });
  await rename(next, path);
}
