import { generateKeyPairSync } from 'node:crypto';
import {
  type AuditLog,
  GetCompletenessRequest,
  ListRootsRequest,
  ReadTrailRequest,
} from '@ai-switch/contracts';
import {
  readTrailLines,
  type Signed,
  type Signer,
  signerOf,
  type TrailReport,
  type TrailSource,
  verifierOf,
  verifyTrail,
} from '@ai-switch/event-log';

export function newSigner(formerPublicKeys = ''): Signer {
  const { privateKey } = generateKeyPairSync('ed25519');
  return signerOf(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() + formerPublicKeys);
}

const signedOf = ({
  statement,
  signature,
}: {
  readonly statement: string;
  readonly signature: Uint8Array;
}) => ({
  statement,
  signature: Buffer.from(signature).toString('base64'),
});

/** A trail as it is read from the port. */
function portSource(log: AuditLog): TrailSource {
  return {
    completeness: async (page) => {
      const found = await log.getCompleteness(GetCompletenessRequest.create({ page }));
      const logs = found.logs.map((each) => ({
        producer: each.producer,
        epoch: Number(each.epoch),
        ...signedOf(each),
      }));
      return { logs, nextAfter: found.nextAfter, head: signedOf(found) };
    },
    trail: async (producer, epoch, afterSequence, limit) => {
      const request = { producer, epoch: BigInt(epoch), afterSequence: BigInt(afterSequence), limit };
      const found = await log.readTrail(ReadTrailRequest.create(request));
      return {
        records: found.records.map(({ sequence, type, data, chain }) => ({
          ...{ sequence: Number(sequence), type, data },
          chain: Buffer.from(chain).toString('hex'),
        })),
        base: { sequence: Number(found.baseSequence), chain: Buffer.from(found.baseChain).toString('hex') },
      };
    },
    roots: async (afterNumber, limit) => {
      const found = await log.listRoots(ListRootsRequest.create({ afterNumber: BigInt(afterNumber), limit }));
      const roots = found.roots.map((root) => ({
        ...{ number: Number(root.number), atMs: Number(root.atMs), leaves: root.leaves },
        ...signedOf(root),
      }));
      return { roots, publicKey: found.publicKey };
    },
  };
}

export function verify(log: AuditLog, signer: Signer, anchors: readonly Signed[] = []): Promise<TrailReport> {
  return verifyTrail(readTrailLines(portSource(log), 0), { verifier: verifierOf(signer.publicKey), anchors });
}
