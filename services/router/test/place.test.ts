import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  createDataKey,
  type DataKey,
  masterKeyOf,
  openCredential,
  openDataKey,
  SealError,
  sealCredential,
} from '../src/credentials.ts';
import { seeded } from './random.ts';

const SWAPS = 10_000;
const SEED = 20_262;

interface Row {
  readonly place: string;
  readonly sealed: string;
  open(text: string): unknown;
}

/** Every row is sealed with the same bytes, so that nothing but the place that is authenticated tells rows apart. */
function rowsOfOneKey(): Row[] {
  const masterKey = masterKeyOf(randomBytes(32));
  const { bytes, id: masterKeyId } = masterKey;
  return ['acme', 'other', 'third'].flatMap((tenant) =>
    ['1', '2', '11'].flatMap((version) => {
      const key: DataKey = { bytes, version, masterKeyId };
      const sealedKey = createDataKey(masterKey, tenant, version, bytes).sealed;
      const credentials = ['openai', 'vllm', '1'].map((provider): Row => {
        const sealed = sealCredential(key, { tenant, provider }, 'sk-canary');
        const open = (text: string) => openCredential(key, { tenant, provider }, text);
        return { place: `${tenant}|${provider}|${version}`, sealed, open };
      });
      const open = (sealed: string) => openDataKey(masterKey, tenant, { version, sealed });
      return [...credentials, { place: `${tenant}||${version}`, sealed: sealedKey, open }];
    }),
  );
}

test('of 10,000 texts that are moved whole or in parts between rows with one key none opens', () => {
  const random = seeded(SEED);
  const rows = rowsOfOneKey();
  const pick = () => rows[Math.floor(random() * rows.length)];
  const opened: string[] = [];
  for (let swaps = 0; swaps < SWAPS; ) {
    const [one, other] = [pick(), pick()];
    if (one === undefined || other === undefined || one === other) continue;
    swaps += 1;
    const mine = one.sealed.split('.');
    const theirs = other.sealed.split('.').slice(-3);
    // All three of iv, text and tag, with what stands before them fitting the row; or only one of them.
    const field = Math.floor(random() * 4);
    const moved =
      field === 3
        ? [...mine.slice(0, -3), ...theirs]
        : mine.with(mine.length - 3 + field, theirs[field] ?? '');
    try {
      one.open(moved.join('.'));
      opened.push(`${other.place} at ${one.place}, ${field}`);
    } catch (error) {
      expect(error).toBeInstanceOf(SealError);
    }
  }
  expect({ seed: SEED, opened: opened.slice(0, 5) }).toEqual({ seed: SEED, opened: [] });
});

test('each row opens at its own place', () => {
  for (const { open, sealed } of rowsOfOneKey()) expect(() => open(sealed)).not.toThrow();
});
