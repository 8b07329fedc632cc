// How long calls between services take and how they end, at both ends.

import { asFault } from '@ai-switch/kernel';
import { CALL_SECONDS, type Histogram, histogram } from '@ai-switch/telemetry';

const LABELS = ['method', 'outcome'] as const;

const asked = histogram(
  'aiswitch_rpc_client_seconds',
  'Calls that this process made of other services, retries included; the outcome is ok or the code of the fault.',
  LABELS,
  CALL_SECONDS,
);
const answered = histogram(
  'aiswitch_rpc_server_seconds',
  'Calls that this process answered.',
  LABELS,
  CALL_SECONDS,
);

/** @param path as gRPC has it: `/aiswitch.v1.Auth/Authenticate` */
export function timedCall<Answer>(path: string, call: () => Promise<Answer>): Promise<Answer> {
  return timed(asked, path, call);
}

/** @param path of a call that there is */
export function timedAnswer<Answer>(path: string, answer: () => Promise<Answer>): Promise<Answer> {
  return timed(answered, path, answer);
}

async function timed<Answer>(
  seconds: Histogram<(typeof LABELS)[number]>,
  path: string,
  call: () => Promise<Answer>,
): Promise<Answer> {
  const startedAtMs = performance.now();
  let outcome = 'ok';
  try {
    return await call();
  } catch (error) {
    outcome = asFault(error).code;
    throw error;
  } finally {
    const method = path.slice(path.lastIndexOf('.') + 1);
    seconds.observe({ method, outcome }, (performance.now() - startedAtMs) / 1_000);
  }
}
