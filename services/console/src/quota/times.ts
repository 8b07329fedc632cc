import { z } from 'zod';

const EXAMPLE = 'give a time with its zone, like 2026-12-31T18:00:00+01:00';

/** An ISO 8601 time with a zone, as milliseconds since the epoch. */
export const time = z.iso
  .datetime({ offset: true, error: EXAMPLE })
  .transform((text) => BigInt(Date.parse(text)));

/** In UTC; undefined stays undefined. */
export function timeReply(ms: bigint | undefined): string | undefined {
  return ms === undefined ? undefined : timeText(ms);
}

/** In UTC. */
export function timeText(ms: bigint): string {
  return new Date(Number(ms)).toISOString();
}
