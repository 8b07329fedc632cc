// Whose log a folder holds: a name of its own for each folder, and an epoch for each start. No start ever has the identity of
// another one, or two records would claim the same place.

import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@ai-switch/kernel';
import type { LogIdentity } from '../chain.ts';
import { EpochFolder, GONE } from './epoch-folder.ts';
import { syncFolderNow } from './folder-sync.ts';

const IDENTITY_FILE = 'identity.json';

/** Survives a power cut when it returns, as does that its folder is there. */
export function beginEpoch(folder: string, identity: LogIdentity): EpochFolder {
  const path = join(folder, IDENTITY_FILE);
  writeFileSync(`${path}.next`, JSON.stringify(identity), { mode: 0o600, flush: true });
  renameSync(`${path}.next`, path);
  const epoch = folderOf(folder, identity);
  epoch.writeMark();
  syncFolderNow(folder);
  return epoch;
}

/** What processes before left, oldest first. */
export function leftEpochs(folder: string, service: string): EpochFolder[] {
  const names = readdirSync(folder);
  for (const name of names) {
    if (name.endsWith(GONE)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  return names
    .flatMap((name) => {
      const [, id, epoch] = /^([0-9a-f]{16})\.(\d+)$/.exec(name) ?? [];
      return id === undefined ? [] : [{ producer: `${service}/${id}`, epoch: Number(epoch) }];
    })
    .sort((one, other) => one.epoch - other.epoch)
    .map((identity) => {
      const epoch = folderOf(folder, identity);
      epoch.measure();
      return epoch;
    });
}

/** @throws ConfigError when the folder is another service's */
export function nextIdentity(folder: string, service: string, left: readonly EpochFolder[]): LogIdentity {
  const known = knownIdentity(folder);
  if (known === undefined) return freshIdentity(service);
  if (!known.producer.startsWith(`${service}/`)) {
    throw new ConfigError(
      `the event log in ${folder} is that of ${known.producer}: give ${service} a folder of its own`,
    );
  }
  // The file may have been put back from an older copy.
  const epochs = left
    .filter(({ identity }) => identity.producer === known.producer)
    .map(({ identity }) => identity.epoch);
  return { producer: known.producer, epoch: Math.max(known.epoch, ...epochs) + 1 };
}

export function freshIdentity(service: string): LogIdentity {
  return { producer: `${service}/${randomBytes(8).toString('hex')}`, epoch: 1 };
}

/** Undefined at the first start, and for a file that was cut off: a fresh name is never another's. */
function knownIdentity(folder: string): LogIdentity | undefined {
  let known: Partial<LogIdentity> | null;
  try {
    known = JSON.parse(readFileSync(join(folder, IDENTITY_FILE), 'utf8'));
  } catch {
    return undefined;
  }
  const { producer = '', epoch = 0 } = known ?? {};
  const isKnown = /^[a-z-]+\/[0-9a-f]{16}$/.test(producer) && Number.isSafeInteger(epoch) && epoch >= 1;
  return isKnown ? { producer, epoch } : undefined;
}

/** `<id>.<epoch>`: of the producer's name only what is its own. */
function folderOf(folder: string, identity: LogIdentity): EpochFolder {
  const { producer, epoch } = identity;
  return new EpochFolder(join(folder, `${producer.split('/')[1]}.${epoch}`), identity);
}
