import { counter, gauge } from '@ai-switch/telemetry';

const depth = gauge(
  'aiswitch_log_records_waiting',
  'Records of the event log that no sink has acknowledged.',
);
const bytes = gauge('aiswitch_log_bytes', 'What the event log takes of the disk.');
const dropped = counter(
  'aiswitch_log_records_dropped_total',
  'Records that were given up, by policy or by a fault of the disk.',
);
const refusing = gauge('aiswitch_log_refusing', '1 while the disk is so full that requests are refused.');

interface WatchedLog {
  readonly depth: number;
  readonly bytes: number;
  readonly isAccepting: boolean;
}

/** @returns how to let go of it */
export function watchLog(log: WatchedLog): () => void {
  const watches = [
    depth.watch(() => log.depth),
    bytes.watch(() => log.bytes),
    refusing.watch(() => (log.isAccepting ? 0 : 1)),
  ];
  return () => {
    for (const letGo of watches) letGo();
  };
}

export function countDropped(): void {
  dropped.inc();
}
