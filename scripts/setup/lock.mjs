// One run sets up at a time. The lock is a file that its holder touches every second. A waiter takes over when the holder
// is dead, or has not touched it for SILENCE_MS on the waiter's own clock.

import { mkdirSync, readFileSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { modules } from './places.mjs';
import { say } from './say.mjs';

const lockPath = join(modules, '.ai-switch-setup.lock');
const POLL_MS = 100;
const HEARTBEAT_MS = 1_000;
/** A lock whose holder gave no sign for this long belongs to nobody. */
const SILENCE_MS = 20_000;

export async function withLock(work) {
  mkdirSync(modules, { recursive: true });
  await acquireLock();
  const heartbeat = setInterval(() => {
    const now = new Date();
    try {
      utimesSync(lockPath, now, now);
    } catch {
      // Taken over or removed by hand: finishing the work is still right.
    }
  }, HEARTBEAT_MS);
  const leave = (signal) => {
    releaseLock();
    process.exit(128 + constants.signals[signal]);
  };
  process.on('SIGINT', leave).on('SIGTERM', leave);
  try {
    return await work();
  } finally {
    process.off('SIGINT', leave).off('SIGTERM', leave);
    clearInterval(heartbeat);
    releaseLock();
  }
}

async function acquireLock() {
  let seen = '';
  let seenMs = Date.now();
  let isTold = false;
  for (;;) {
    try {
      writeFileSync(lockPath, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const look = lookAtLock();
    if (look.state !== seen) {
      seen = look.state;
      seenMs = Date.now();
    }
    if (look.isDead || Date.now() - seenMs > SILENCE_MS) removeLock(look.pid);
    else {
      if (!isTold) say('another run is setting up; waiting for it …');
      isTold = true;
      await new Promise((wake) => setTimeout(wake, POLL_MS));
    }
  }
}

function lookAtLock() {
  try {
    const pid = readFileSync(lockPath, 'utf8');
    return {
      pid,
      state: `${pid} ${statSync(lockPath).mtimeMs}`,
      isDead: pid !== '' && !isAlive(Number(pid)),
    };
  } catch {
    return { pid: '', state: 'gone', isDead: false };
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function releaseLock() {
  removeLock(String(process.pid));
}

/** Removes the lock if `pid` still holds it. */
function removeLock(pid) {
  try {
    if (readFileSync(lockPath, 'utf8') === pid) unlinkSync(lockPath);
  } catch {
    // It is gone, which is what was wanted.
  }
}
