// What `up` leaves for `status` and `down`: one file, written whole by the process that holds the components.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ComponentName } from '@ai-switch/testkit';
import { statePath } from './config.ts';

export interface ServicesState {
  /** Of the process that holds them. */
  readonly pid: number;
  readonly isReady: boolean;
  readonly components: readonly {
    readonly name: ComponentName;
    /** Absent for one that could not be had. */
    readonly address?: string;
    /** What it is and where it came from, or why it could not be had. */
    readonly source: string;
  }[];
}

export function writeState(state: ServicesState): void {
  const path = statePath();
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${state.pid}`;
  writeFileSync(fresh, JSON.stringify(state));
  renameSync(fresh, path);
}

/** What the process that holds the components has to say. */
export function logPath(): string {
  const path = `${statePath()}.log`;
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** Undefined when nothing was started, or the process that held it is gone. */
export function readState(): ServicesState | undefined {
  try {
    const state = JSON.parse(readFileSync(statePath(), 'utf8')) as ServicesState;
    return isRunning(state.pid) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** Removes what this process wrote. */
export function removeState(pid: number): void {
  if (readState()?.pid === pid) rmSync(statePath(), { force: true });
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
