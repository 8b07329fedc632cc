// The types of the admin API's clients, made of its document, in the form that openapi-fetch takes.

type Json = Readonly<Record<string, unknown>>;

/** A TypeScript module. */
export function clientTypes(document: Json): string {
  const { paths, components } = document as unknown as Document;
  return [
    '// Made of the OpenAPI document by `npm run setup`. Not to be changed here.',
    '',
    'export interface components {',
    '  schemas: {',
    ...Object.entries(components.schemas).map(([name, schema]) => `    ${nameOf(name)}: ${typeOf(schema)};`),
    '  };',
    '}',
    '',
    'export interface paths {',
    ...Object.entries(paths).flatMap(([path, item]) => [
      `  ${JSON.stringify(path)}: {`,
      ...Object.entries(item).map(([method, each]) => `    ${method}: ${operationType(each, components)};`),
      '  };',
    ]),
    '}',
    '',
  ].join('\n');
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Components;
}

interface Components {
  readonly schemas: Readonly<Record<string, Json>>;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly responses: Readonly<Record<string, Body>>;
}

type Content = Readonly<Record<string, { readonly schema: Json }>>;
type Body = { readonly content?: Content };
type Referring<Thing> = Thing | { readonly $ref: string };

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Json;
}

interface Operation {
  readonly parameters?: readonly Referring<Parameter>[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Referring<Body>>>;
}

function operationType(
  { parameters = [], requestBody, responses }: Operation,
  components: Components,
): string {
  const all = parameters.map((each) => resolved(each, components.parameters));
  const places = (['path', 'query', 'header'] as const).map((place) =>
    placeType(
      place,
      all.filter((each) => each.in === place),
    ),
  );
  const body =
    requestBody === undefined
      ? 'requestBody?: never'
      : `requestBody: { content: ${contentOf(requestBody.content)} }`;
  const answers = Object.entries(responses).map(
    ([status, response]) => `${status}: ${contentType(resolved(response, components.responses))}`,
  );
  return `{ parameters: { ${places.join('; ')} }; ${body}; responses: { ${answers.join('; ')} } }`;
}

function placeType(place: string, parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return `${place}?: never`;
  const fields = parameters.map(
    ({ name, required, schema }) => `${nameOf(name)}${required ? '' : '?'}: ${typeOf(schema)}`,
  );
  const isNeeded = parameters.some(({ required }) => required);
  return `${place}${isNeeded ? '' : '?'}: { ${fields.join('; ')} }`;
}

function contentType({ content }: Body): string {
  if (content === undefined) return '{ headers: Record<string, string>; content?: never }';
  return `{ headers: Record<string, string>; content: ${contentOf(content)} }`;
}

function contentOf(content: Content): string {
  const types = Object.entries(content).map(
    ([type, { schema }]) => `${JSON.stringify(type)}: ${typeOf(schema)}`,
  );
  return `{ ${types.join('; ')} }`;
}

function resolved<Thing>(each: Referring<Thing>, table: Readonly<Record<string, Thing>>): Thing {
  if (typeof each !== 'object' || each === null || !('$ref' in each)) return each as Thing;
  const found = table[lastOf(String(each.$ref))];
  if (found === undefined) throw new TypeError(`nothing stands at ${String(each.$ref)}`);
  return found;
}

function typeOf(schema: Json): string {
  const { $ref, anyOf, oneOf, allOf, type } = schema;
  if (typeof $ref === 'string') return `components['schemas'][${JSON.stringify(lastOf($ref))}]`;
  if ('const' in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const union = anyOf ?? oneOf;
  if (Array.isArray(union)) return `(${[...new Set(union.map(typeOf))].join(' | ')})`;
  if (Array.isArray(allOf)) return `(${allOf.map(typeOf).join(' & ')})`;
  if (Array.isArray(type)) return `(${type.map((each) => typeOf({ ...schema, type: each })).join(' | ')})`;
  if (type === 'array') return `readonly ${itemType(schema)}[]`;
  if (type === 'object') return objectType(schema);
  return typeof type === 'string' ? (SCALARS[type] ?? 'unknown') : 'unknown';
}

const SCALARS: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
};

function itemType({ items }: Json): string {
  const type = typeOf((items ?? {}) as Json);
  return type.includes('|') && !type.startsWith('(') ? `(${type})` : type;
}

function objectType({ properties = {}, required = [], additionalProperties }: Json): string {
  const needed = required as readonly string[];
  const fields = Object.entries(properties as Readonly<Record<string, Json>>).map(
    ([name, schema]) => `${nameOf(name)}${needed.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  );
  if (typeof additionalProperties === 'object' && additionalProperties !== null) {
    fields.push(`[name: string]: ${typeOf(additionalProperties as Json)}`);
  } else if (additionalProperties === true) {
    fields.push('[name: string]: unknown');
  }
  return fields.length === 0 ? 'Record<string, never>' : `{ ${fields.join('; ')} }`;
}

function nameOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function lastOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}
