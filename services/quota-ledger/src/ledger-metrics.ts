import { CALL_SECONDS, counter, gauge, histogram } from '@ai-switch/telemetry';

const batchSeconds = histogram(
  'aiswitch_ledger_batch_seconds',
  'Batches of operations, each one transaction, durable when it ends.',
  ['outcome'],
  CALL_SECONDS,
);
const batchOperations = histogram(
  'aiswitch_ledger_batch_operations',
  'Operations of one batch.',
  [],
  [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
);
const operationsTotal = counter(
  'aiswitch_ledger_operations_total',
  'Operations of all batches, by their kind.',
  ['kind'],
);
const queue = gauge('aiswitch_ledger_operations_waiting', 'Operations that wait for a batch.');

/** @returns how to let go of it */
export function watchQueue(depth: () => number): () => void {
  return queue.watch(depth);
}

export async function timedBatch<Result>(
  operations: readonly { readonly kind: string }[],
  run: () => Promise<Result>,
): Promise<Result> {
  const startedAtMs = performance.now();
  let outcome = 'failed';
  try {
    const result = await run();
    outcome = 'ok';
    return result;
  } finally {
    batchSeconds.observe({ outcome }, (performance.now() - startedAtMs) / 1_000);
    batchOperations.observe(operations.length);
    for (const [kind, count] of countKinds(operations)) operationsTotal.inc({ kind }, count);
  }
}

function countKinds(operations: readonly { readonly kind: string }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind } of operations) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
