// Clients' secrets of identity providers at rest: AES-256-GCM under a key that is derived from a secret outside the database. The
// place where a text is stored is authenticated with it, so that one that was moved to another company or provider does not open.

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Fault } from '@ai-switch/kernel';

const FORMAT = 'v1';
const IV_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;

export interface SecretBox {
  seal(place: readonly string[], secret: string): string;
  /** @throws Fault `unavailable` for a text that was changed, moved, or sealed with another secret */
  open(place: readonly string[], sealed: string): string;
}

/** @param secret 32 bytes or more of randomness; undefined for a process that has none and seals nothing */
export function secretBox(secret: Buffer | undefined): SecretBox {
  if (secret === undefined) {
    const refuse = () => {
      throw new Fault(
        'unavailable',
        'This installation cannot keep a client secret: start auth with AISWITCH_AUTH_SECRET_FILE.',
      );
    };
    return { seal: refuse, open: refuse };
  }
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'ai-switch identity providers', KEY_BYTES));
  return {
    seal: (place, text) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(placeBytes(place));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return [FORMAT, ...[iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join(
        '.',
      );
    },
    open: (place, text) => {
      const [format, ...parts] = text.split('.');
      const [iv, sealed, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
      try {
        if (
          format !== FORMAT ||
          parts.length !== 3 ||
          iv === undefined ||
          sealed === undefined ||
          tag === undefined
        ) {
          throw new Error('not whole');
        }
        const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES });
        decipher.setAAD(placeBytes(place));
        decipher.setAuthTag(tag);
        return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new Fault(
          'unavailable',
          'The client secret of the identity provider does not open. Please set it anew.',
          {
            cause,
          },
        );
      }
    },
  };
}

/** No part may run into the next. */
function placeBytes(place: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(place), 'utf8');
}
