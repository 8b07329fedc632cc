// Secrets of a test, each unlike anything else, so that whatever of it is kept somewhere can be found.

import { randomBytes } from 'node:crypto';

export interface Finding {
  /** Where it was planted. */
  readonly planted: string;
  /** Where it was found, with what stands around it. */
  readonly found: string;
}

/** Characters on either side that make a finding readable. */
const AROUND = 60;
/** Bytes that a base64 of a text may share with what stands before and behind it. */
const SHARED = 4;

export class Canaries {
  readonly #planted = new Map<string, string>();

  /** @returns letters and digits that nothing escapes, for one place */
  plant(place: string): string {
    const canary = `canary${randomBytes(12).toString('hex')}`;
    this.#planted.set(canary, place);
    return canary;
  }

  /** Notes a secret that the gateway made itself. */
  note(place: string, secret: string): void {
    if (secret.length < 16) throw new Error(`${place}: there is no secret to look for`);
    this.#planted.set(secret, place);
  }

  get count(): number {
    return this.#planted.size;
  }

  /** Every canary of which a trace is in a text: as it is, in hexadecimal or in base64. */
  in(where: string, text: string): readonly Finding[] {
    const lower = text.toLowerCase();
    return [...this.#planted].flatMap(([canary, planted]) => {
      const at = positionOf(canary, text, lower);
      if (at < 0) return [];
      return [{ planted, found: `${where}: …${text.slice(Math.max(at - AROUND, 0), at + AROUND)}…` }];
    });
  }
}

/** -1 when it is not there in any form. */
function positionOf(canary: string, text: string, lower: string): number {
  const plain = lower.indexOf(canary.toLowerCase());
  if (plain >= 0) return plain;
  const hex = lower.indexOf(Buffer.from(canary).toString('hex'));
  if (hex >= 0) return hex;
  for (const lead of ['', ' ', '  ']) {
    const encoded = Buffer.from(lead + canary).toString('base64');
    const own = encoded.slice(lead === '' ? 0 : SHARED, -SHARED);
    for (const form of [own, own.replaceAll('+', '-').replaceAll('/', '_')]) {
      const at = text.indexOf(form);
      if (at >= 0) return at;
    }
  }
  return -1;
}
