import { Page } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { z } from 'zod';

const BODY_BYTES_MAX = 1024 * 1024;

/** An id or a name in a path, a query or a body. */
export const reference = z.string().min(1).max(128);

/** The id of a department, a project or a grant. */
export const unitId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,48}$/, 'it has 1 to 48 letters, digits and the characters ._- only');

/** The parameters of a list. */
export const pageQuery = z.strictObject({
  after: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});

export function pageOf({ after, limit }: z.infer<typeof pageQuery>): Page {
  return Page.create({ after: after ?? '', limit: limit ?? 0 });
}

/** A page as clients see it: `nextAfter` is absent on the last one. */
export function pageReply(items: readonly object[], nextAfter: string): { readonly body: object } {
  return { body: { items, ...(nextAfter === '' ? {} : { nextAfter }) } };
}

/** @throws Fault `invalid` with the parameter in the details */
export function parseQuery<Schema extends z.ZodType>(
  schema: Schema,
  parameters: URLSearchParams,
): z.infer<Schema> {
  return check(schema, Object.fromEntries(parameters));
}

/** @throws Fault `invalid` with the field in the details, `tooLarge` */
export async function readJson<Schema extends z.ZodType>(
  schema: Schema,
  request: Request,
): Promise<z.infer<Schema>> {
  const text = await readText(request);
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch (cause) {
    throw new Fault('invalid', 'The body is not valid JSON.', { cause });
  }
  return check(schema, value);
}

/** Counts what comes, for a chunked body announces no length. */
async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Fault('tooLarge', `The body is over ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const outcome = schema.safeParse(value);
  if (outcome.success) return outcome.data;
  const issue = outcome.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    const field = fieldAt([...issue.path, ...issue.keys.slice(0, 1)]);
    throw new Fault('invalid', `There is no field \`${field}\` here.`, { details: { field } });
  }
  const field = fieldAt(issue?.path ?? []);
  const subject = field === '' ? 'The body' : `The field \`${field}\``;
  throw new Fault('invalid', `${subject} is wrong: ${issue?.message ?? 'it does not fit'}.`, {
    details: field === '' ? {} : { field },
  });
}

const FIELD_CHARACTERS_MAX = 128;

/** `resources[0].weight` */
function fieldAt(path: readonly PropertyKey[]): string {
  const text = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  return text.slice(0, FIELD_CHARACTERS_MAX);
}
