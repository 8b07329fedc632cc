import { gauge } from '@ai-switch/telemetry';

const missing = gauge(
  'aiswitch_audit_records_missing',
  'Records that producers wrote and that have been missing from the trail for a minute.',
);
const lag = gauge('aiswitch_audit_kafka_lag', 'Messages of Kafka that are not read into the trail yet.');

interface WatchedTrail {
  countMissing(): Promise<bigint>;
  kafkaLag(): number;
}

/** @returns how to let go of it */
export function watchTrail(trail: WatchedTrail): () => void {
  const watches = [missing.watch(async () => Number(await trail.countMissing())), lag.watch(trail.kafkaLag)];
  return () => {
    for (const letGo of watches) letGo();
  };
}
