import { z } from 'zod';

type Json = Readonly<Record<string, unknown>>;

/** JSON Schemas of zod's; one that has an id stands once among the document's components and is referred to elsewhere. */
export class SchemaBook {
  readonly #schemas = new Map<string, unknown>();

  /** What a client may send. */
  input(schema: z.ZodType): Json {
    return this.#jsonSchema(schema, 'input');
  }

  /** What a client gets. */
  output(schema: z.ZodType): Json {
    return this.#jsonSchema(schema, 'output');
  }

  schemas(): Json {
    const byName = [...this.#schemas].sort(([left], [right]) => left.localeCompare(right));
    return Object.fromEntries(byName);
  }

  #jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
    const {
      $schema: _dialect,
      $defs = {},
      ...rest
    } = z.toJSONSchema(schema, {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        // As json-reply.ts writes one.
        if (zodSchema._zod.def.type === 'bigint') {
          jsonSchema.type = ['integer', 'string'] as never;
          jsonSchema.format = 'int64';
        }
        delete jsonSchema.id;
      },
    });
    for (const [name, definition] of Object.entries($defs)) this.#schemas.set(name, referring(definition));
    return referring(rest) as Json;
  }
}

function referring(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(referring);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) =>
      key === '$ref' && typeof each === 'string'
        ? [key, each.replace(/^#\/\$defs\//, '#/components/schemas/')]
        : [key, referring(each)],
    ),
  );
}
