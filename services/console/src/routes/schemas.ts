// Pieces that the schemas of several routes share.

import { z } from 'zod';

/** An id or a name in a path, a query or a body. */
export const reference = z.string().min(1).max(128);

/** An id that its maker chooses. */
export const unitId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,48}$/, 'it has 1 to 48 letters, digits and the characters ._- only');

export const networks = z
  .array(z.string().min(1).max(64))
  .max(100)
  .describe('Addresses and networks, like `192.0.2.7` or `2001:db8::/32`.');

export const models = z.array(reference).max(200).describe('Aliases; a `*` stands for any characters.');

/** A number of the contract: 64 bits, in JSON a number as long as every reader reads it exactly, and text above. */
export const int64 = z.bigint();

/** Milliseconds since 1970. */
export const timeMs = int64.describe('Milliseconds since 1970-01-01 UTC.');

/** What `If-Match` takes. */
export const revision = int64.describe('Goes up with each change.');

/** A time in a query: milliseconds since 1970. */
export const queryTimeMs = z.coerce
  .number()
  .int()
  .min(0)
  .max(8_640_000_000_000_000)
  .transform((ms) => BigInt(ms))
  .describe('Milliseconds since 1970-01-01 UTC.');

export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** The parameters of a list. */
export const pageQuery = z.strictObject({
  after: z.string().max(256).optional().describe('The `nextAfter` of the page before.'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000)
    .optional()
    .describe('Rows wanted; 100 unless told otherwise.'),
});

/** A page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextAfter: z.string().optional().describe('Absent on the last page.'),
  });
}
