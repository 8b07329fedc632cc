// The tree over the leaves of a root, as RFC 6962, section 2.1, has it: leaves and nodes are hashed apart, so that none can pass
// for the other. Pure.

import { createHash } from 'node:crypto';

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** @returns 32 bytes; of no leaves the hash of nothing */
export function merkleRoot(leaves: readonly string[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  return treeOf(leaves.map((leaf) => createHash('sha256').update(LEAF).update(leaf).digest()));
}

function treeOf(hashes: readonly Buffer[]): Buffer {
  const [only] = hashes;
  if (hashes.length === 1 && only !== undefined) return only;
  let half = 1;
  while (half * 2 < hashes.length) half *= 2;
  return createHash('sha256')
    .update(NODE)
    .update(treeOf(hashes.slice(0, half)))
    .update(treeOf(hashes.slice(half)))
    .digest();
}
