import { readFileSync, writeFileSync } from 'node:fs';

// Linux counts processor time in ticks of 1/100 s on every platform that Node supports.
const MS_PER_TICK = 10;

/** Processor time that a process has used so far, all its threads, user and system; undefined where there is no /proc. */
export function cpuMsOf(pid: number): number | undefined {
  const line = readOrUndefined(`/proc/${pid}/stat`);
  // The second field is the command in parentheses and may hold spaces; utime and stime are fields 14 and 15.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ');
  const userTicks = fields?.[11];
  const systemTicks = fields?.[12];
  if (userTicks === undefined || systemTicks === undefined) return undefined;
  return (Number(userTicks) + Number(systemTicks)) * MS_PER_TICK;
}

/** The most memory that was resident since `resetPeakRss`, in bytes; undefined where there is no /proc. */
export function peakRssBytesOf(pid: number): number | undefined {
  const kilobytes = /VmHWM:\s*(\d+) kB/.exec(readOrUndefined(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Starts a new peak: writing 5 to clear_refs does that (proc(5)). Without the right to, the peak is since the start. */
export function resetPeakRss(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {}
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
