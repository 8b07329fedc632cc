import { createHash } from 'node:crypto';

/** The digest of a record that no chain proves, because its predecessor has not come; in hex. */
export function islandDigest(type: string, data: string): string {
  return createHash('sha256').update(`${type}\n${data}`).digest('hex');
}
