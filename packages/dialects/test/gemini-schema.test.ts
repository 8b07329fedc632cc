import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openApiSchema } from '../src/gemini/index.ts';
import { isObject, listOf, objectOf } from '../src/json/narrow.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';

const ALLOWED = new Set(
  `type format title description nullable enum items minItems maxItems properties required minProperties maxProperties
  minimum maximum minLength maxLength pattern anyOf propertyOrdering default example`.split(/\s+/),
);
const TYPES = new Set(['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT']);

/** What "Invalid JSON payload received" and its like would be the answer to. */
function faults(schema: JsonObject, at = '#'): string[] {
  const found = Object.keys(schema)
    .filter((name) => !ALLOWED.has(name))
    .map((name) => `${at}.${name}: unknown`);
  const branches = listOf(schema.anyOf).filter(isObject);
  if (branches.length > 0) {
    if (Object.keys(schema).length > 1) found.push(`${at}: anyOf is not alone`);
    return [...found, ...branches.flatMap((branch, index) => faults(branch, `${at}.anyOf.${index}`))];
  }
  if (!TYPES.has(String(schema.type))) found.push(`${at}.type: ${JSON.stringify(schema.type)}`);
  if (schema.type === 'ARRAY' && !isObject(schema.items)) found.push(`${at}: no items`);
  if (schema.enum !== undefined) {
    const isList = listOf(schema.enum).every((word) => typeof word === 'string' && word !== '');
    if (schema.type !== 'STRING' || !isList) found.push(`${at}.enum`);
  }
  for (const name of ['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties']) {
    if (name in schema && !/^\d+$/.test(String(schema[name]))) found.push(`${at}.${name}`);
    if (name in schema && typeof schema[name] !== 'string') found.push(`${at}.${name}: no string`);
  }
  const properties = objectOf(schema.properties) ?? {};
  for (const name of [...listOf(schema.required), ...listOf(schema.propertyOrdering)]) {
    if (typeof name !== 'string' || !Object.hasOwn(properties, name))
      found.push(`${at}: ${String(name)} is no property`);
  }
  const inner = Object.entries(properties).flatMap(([name, part]) =>
    faults(part as JsonObject, `${at}.${name}`),
  );
  return [...found, ...inner, ...(isObject(schema.items) ? faults(schema.items, `${at}[]`) : [])];
}

const property = (schema: JsonValue): JsonObject =>
  openApiSchema({ type: 'object', properties: { a: schema } });
const inside = (schema: JsonValue): JsonValue | undefined => objectOf(property(schema).properties)?.a;

describe("case 37: a schema as Google's own subset", () => {
  test.each<[string, JsonValue, JsonValue | undefined]>([
    ['a text', { type: 'string' }, { type: 'STRING' }],
    [
      'what is not listed goes',
      { type: 'string', $schema: 'x', uniqueItems: true, encrypted: true },
      { type: 'STRING' },
    ],
    [
      'an open bound of whole numbers',
      { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 10 },
      { type: 'INTEGER', minimum: 1, maximum: 9 },
    ],
    [
      'an open bound between whole numbers',
      { type: 'integer', exclusiveMinimum: 0.5, exclusiveMaximum: 9.5 },
      { type: 'INTEGER', minimum: 1, maximum: 9 },
    ],
    [
      'the older form of an open bound',
      { type: 'integer', minimum: 3, exclusiveMinimum: true },
      { type: 'INTEGER', minimum: 4 },
    ],
    [
      'an open bound of any number',
      { type: 'number', exclusiveMinimum: 0, maximum: 1 },
      { type: 'NUMBER', maximum: 1 },
    ],
    [
      'the tighter of two bounds',
      { type: 'integer', minimum: 5, exclusiveMinimum: 1 },
      { type: 'INTEGER', minimum: 5 },
    ],
    [
      'bounds of all safe numbers',
      { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
      { type: 'INTEGER' },
    ],
    [
      'bounds of a text',
      { type: 'string', minimum: 1, minLength: 2, maxLength: 5 },
      { type: 'STRING', minLength: '2', maxLength: '5' },
    ],
    ['a constant', { const: 'x' }, { type: 'STRING', enum: ['x'] }],
    ['a constant number', { type: 'integer', const: 3 }, { type: 'STRING', enum: ['3'] }],
    ['a list of numbers', { type: 'integer', enum: [1, 2, 2] }, { type: 'STRING', enum: ['1', '2'] }],
    [
      'a list with nothing in it',
      { type: 'string', enum: ['a', '', null] },
      { type: 'STRING', nullable: true, enum: ['a'] },
    ],
    ['a list of nothing', { enum: [] }, { type: 'STRING' }],
    [
      'a type or nothing',
      { type: ['string', 'null'], description: 'D' },
      { type: 'STRING', description: 'D', nullable: true },
    ],
    [
      'one of two types',
      { type: ['string', 'integer'] },
      { anyOf: [{ type: 'STRING' }, { type: 'INTEGER' }] },
    ],
    [
      'one of two types or nothing',
      { type: ['string', 'array', 'null'], items: { type: 'number' } },
      {
        anyOf: [
          { type: 'STRING', nullable: true },
          { type: 'ARRAY', nullable: true, items: { type: 'NUMBER' } },
        ],
      },
    ],
    [
      'a union',
      { oneOf: [{ type: 'string' }, { type: 'number' }], description: 'D' },
      {
        anyOf: [
          { type: 'STRING', description: 'D' },
          { type: 'NUMBER', description: 'D' },
        ],
      },
    ],
    [
      'a union with nothing',
      { anyOf: [{ type: 'string', format: 'uri' }, { type: 'null' }] },
      { type: 'STRING', nullable: true },
    ],
    ['a union of nothing', { anyOf: [{ type: 'null' }] }, { type: 'STRING', nullable: true }],
    [
      'branches at once',
      {
        allOf: [
          { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] },
          { properties: { y: { type: 'boolean' } } },
        ],
      },
      { type: 'OBJECT', properties: { y: { type: 'BOOLEAN' }, x: { type: 'STRING' } }, required: ['x'] },
    ],
    [
      'alternatives of an object',
      {
        type: 'object',
        properties: { x: { type: 'string' } },
        oneOf: [{ required: ['x'] }, { properties: { y: { type: 'string' } }, required: ['y'] }],
      },
      { type: 'OBJECT', properties: { y: { type: 'STRING' }, x: { type: 'STRING' } } },
    ],
    [
      'a format that is known',
      { type: 'string', format: 'date-time' },
      { type: 'STRING', format: 'date-time' },
    ],
    ['a pattern', { type: 'string', pattern: '^a+$' }, { type: 'STRING', pattern: '^a+$' }],
    ['a pattern that looks around', { type: 'string', pattern: '^(?!x).*$' }, { type: 'STRING' }],
    ['a list without items', { type: 'array' }, { type: 'ARRAY', items: { type: 'STRING' } }],
    ['a list of anything', { type: 'array', items: true }, { type: 'ARRAY', items: { type: 'STRING' } }],
    [
      'a tuple',
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], minItems: 2 },
      { type: 'ARRAY', items: { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] }, minItems: '2' },
    ],
    [
      'a tuple of the older form',
      { type: 'array', items: [{ type: 'number' }, { type: 'number' }] },
      { type: 'ARRAY', items: { type: 'NUMBER' } },
    ],
    [
      'no type but properties',
      { properties: { x: {} } },
      { type: 'OBJECT', properties: { x: { type: 'STRING' } } },
    ],
    ['no type but items', { items: { type: 'string' } }, { type: 'ARRAY', items: { type: 'STRING' } }],
    ['no type but a bound', { minimum: 1 }, { type: 'NUMBER', minimum: 1 }],
    ['anything', {}, { type: 'STRING' }],
    ['true', true, { type: 'STRING' }],
    ['false', false, undefined],
    [
      'a map',
      { type: 'object', additionalProperties: { type: 'string' }, propertyNames: { pattern: 'x' } },
      { type: 'OBJECT' },
    ],
    [
      'more required than there is',
      { type: 'object', properties: { x: {} }, required: ['x', 'y', 'x', 5] },
      { type: 'OBJECT', properties: { x: { type: 'STRING' } }, required: ['x'] },
    ],
    ['a type nobody knows', { type: 'file' }, { type: 'STRING' }],
    ['capitals', { type: 'INTEGER', format: 'int32' }, { type: 'INTEGER', format: 'int32' }],
    [
      'a reference to nowhere',
      { $ref: '#/$defs/gone', description: 'D' },
      { type: 'OBJECT', description: 'D' },
    ],
    ['a reference to elsewhere', { $ref: 'https://example.com/s.json' }, { type: 'OBJECT' }],
    [
      'a default and a title',
      { type: 'boolean', default: false, title: 'T' },
      { type: 'BOOLEAN', title: 'T', default: false },
    ],
  ])('%s', (_, schema, expected) => {
    expect(inside(schema)).toEqual(expected);
    expect(faults(property(schema))).toEqual([]);
  });

  test('references are written out, with the words beside them, and a cycle ends as an object', () => {
    const schema: JsonObject = {
      type: 'object',
      properties: { tree: { $ref: '#/$defs/a~1node', description: 'The root.' } },
      $defs: {
        'a/node': {
          type: 'object',
          description: 'A node.',
          properties: {
            name: { type: 'string' },
            children: { type: 'array', items: { $ref: '#/$defs/a~1node' } },
          },
        },
      },
    };
    expect(openApiSchema(schema)).toEqual({
      type: 'OBJECT',
      properties: {
        tree: {
          type: 'OBJECT',
          description: 'The root.',
          properties: { name: { type: 'STRING' }, children: { type: 'ARRAY', items: { type: 'OBJECT' } } },
        },
      },
    });
  });

  test.each<[string, JsonObject]>([
    ['itself', { $ref: '#' }],
    ['itself at once with itself', { allOf: [{ $ref: '#' }, { $ref: '#' }] }],
    ['itself in a union', { anyOf: [{ $ref: '#' }, { type: 'array', items: { $ref: '#' } }] }],
    ['itself in a branch of a property', { type: 'object', properties: { a: { allOf: [{ $ref: '#' }] } } }],
    [
      'another that is itself in a branch',
      {
        allOf: [{ $ref: '#/$defs/m' }],
        $defs: {
          m: { properties: { c: { allOf: [{ $ref: '#/$defs/m' }] }, d: { oneOf: [{ $ref: '#/$defs/m' }] } } },
        },
      },
    ],
  ])('a schema of %s ends', (_, schema) => {
    expect(faults(openApiSchema(schema))).toEqual([]);
  });

  test('a cycle through branches ends where it closes', () => {
    const back = { allOf: [{ $ref: '#/$defs/m' }] };
    expect(openApiSchema({ ...back, $defs: { m: { properties: { c: back, d: {} } } } })).toEqual({
      type: 'OBJECT',
      properties: { c: { type: 'OBJECT' }, d: { type: 'STRING' } },
    });
  });

  test('references that double at each level do not make it grow without bound', () => {
    const levels = 40;
    const $defs = Object.fromEntries(
      Array.from({ length: levels }, (_, at) => {
        const next = { $ref: `#/$defs/d${at + 1}` };
        return [`d${at}`, { type: 'object', properties: { a: next, b: next }, allOf: [next, next] }];
      }),
    );
    const written = openApiSchema({
      $ref: '#/$defs/d0',
      $defs: { ...$defs, [`d${levels}`]: { type: 'string' } },
    });
    expect(JSON.stringify(written).length).toBeLessThan(1_000_000);
    expect(faults(written)).toEqual([]);
  });

  test('a chain of a thousand references ends', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, at) => [`d${at}`, { items: { $ref: `#/$defs/d${at + 1}` } }]),
    );
    expect(faults(openApiSchema({ $ref: '#/$defs/d0', $defs }))).toEqual([]);
  });

  test('what is nested deeper than 32 levels is an object', () => {
    let schema: JsonObject = { type: 'string' };
    for (let level = 0; level < 60; level += 1) schema = { type: 'array', items: schema };
    let depth = 0;
    for (let at: JsonObject | undefined = openApiSchema(schema); at; at = objectOf(at.items)) depth += 1;
    expect(depth).toBe(33);
  });

  test('whatever comes, only what is listed leaves', () => {
    const keyword = fc.constantFrom(
      ...ALLOWED,
      ...[
        '$ref',
        'oneOf',
        'allOf',
        'not',
        'const',
        'prefixItems',
        'exclusiveMinimum',
        'exclusiveMaximum',
        '$defs',
      ],
    );
    const schema = fc.letrec<{ schema: JsonValue; value: JsonValue }>((tie) => ({
      schema: fc.oneof(
        { depthSize: 'small' },
        fc.boolean(),
        fc.dictionary(keyword, tie('value'), { maxKeys: 4 }),
      ),
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<JsonValue>(
          'string',
          'object',
          'array',
          'null',
          '#',
          '#/$defs/a',
          3,
          -1,
          0.5,
          true,
          null,
        ),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.array(tie('schema'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', '__x'), tie('schema'), { maxKeys: 2 }),
        tie('schema'),
      ),
    })).schema;
    fc.assert(
      fc.property(schema, (given) => {
        if (isObject(given)) expect(faults(openApiSchema(given))).toEqual([]);
      }),
      { numRuns: 3_000 },
    );
  });
});
