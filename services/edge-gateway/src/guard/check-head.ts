import type { IncomingMessage } from 'node:http';
import { Fault } from '@ai-switch/kernel';
import { Refusal } from '../refuse.ts';

const HEADERS_MAX = 128;
const CREDENTIALS: ReadonlySet<string> = new Set(['authorization', 'x-api-key', 'x-goog-api-key']);
/** No other name is worth a second look. */
const CREDENTIAL_LENGTHS: ReadonlySet<number> = new Set([...CREDENTIALS].map(({ length }) => length));

/**
 * Refuses a head that two readers could read differently: one with a credential that stands twice, of which node:http would keep
 * the first or make one text of both.
 * @throws Fault `invalid`; Refusal 431 for more headers than any client was seen to send
 */
export function checkHead({ rawHeaders }: IncomingMessage): void {
  if (rawHeaders.length > 2 * HEADERS_MAX) {
    throw new Refusal(431, `The request has more than the ${HEADERS_MAX} headers accepted.`);
  }
  let seen = '';
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const written = rawHeaders[index] ?? '';
    if (!CREDENTIAL_LENGTHS.has(written.length)) continue;
    const name = written.toLowerCase();
    if (!CREDENTIALS.has(name)) continue;
    if (seen.includes(` ${name}`)) {
      throw new Fault('invalid', `The header ${name} stands twice in the request. Please send it once.`, {
        details: { field: name },
      });
    }
    seen += ` ${name}`;
  }
}
