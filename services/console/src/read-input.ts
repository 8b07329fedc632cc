import { Page } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { z } from 'zod';
import type { pageQuery } from './routes/schemas.ts';

const FIELD_CHARACTERS_MAX = 128;

export function pageIn({ after, limit }: z.infer<typeof pageQuery>): Page {
  return Page.create({ after: after ?? '', limit: limit ?? 0 });
}

/** A page as clients see it: `nextAfter` is absent on the last one. */
export function pageReply<Item>(
  items: readonly Item[],
  nextAfter: string,
): { readonly body: { items: Item[]; nextAfter?: string } } {
  return { body: { items: [...items], ...(nextAfter === '' ? {} : { nextAfter }) } };
}

/** @throws Fault `invalid` with the parameter in the details */
export function parseQuery<Schema extends z.ZodType>(
  schema: Schema,
  parameters: URLSearchParams,
): z.output<Schema> {
  return check(schema, Object.fromEntries(parameters));
}

/** @throws Fault `invalid` for what is not JSON */
export function parseJson(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch (cause) {
    throw new Fault('invalid', 'The body is not valid JSON.', { cause });
  }
}

/** Counts what comes, for a chunked body announces no length. @throws Fault `tooLarge` */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Fault('tooLarge', `The body is over ${bytesMax} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** @throws Fault `invalid` naming the field that is unknown or wrong */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
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

/** `resources[0].weight` */
function fieldAt(path: readonly PropertyKey[]): string {
  const text = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  return text.slice(0, FIELD_CHARACTERS_MAX);
}
