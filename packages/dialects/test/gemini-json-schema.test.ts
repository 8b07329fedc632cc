import { describe, expect, test } from 'vitest';
import { readSchema } from '../src/gemini/read-schema.ts';
import { answerSchema, argumentsSchema } from '../src/gemini/tool-schema.ts';
import type { JsonObject } from '../src/json/value.ts';

describe('case 37: a schema as JSON Schema', () => {
  const torture: JsonObject = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      kind: { const: 'x' },
      const: { type: 'string', const: null },
      size: { type: 'integer', exclusiveMinimum: 0, maximum: 9007199254740991 },
      link: { type: ['string', 'null'], format: 'uri' },
      any: true,
      one: { oneOf: [{ $ref: '#/$defs/a' }, { const: [1] }] },
    },
    propertyNames: { pattern: '^[a-z]+$' },
    default: { const: 1 },
    $defs: { a: { type: 'array', uniqueItems: true } },
  };

  test('is as it came but for constants and what names the form', () => {
    const { $schema: _, ...rest } = torture;
    expect(answerSchema(torture)).toEqual({
      ...rest,
      properties: {
        ...(torture.properties as JsonObject),
        kind: { enum: ['x'] },
        const: { type: 'string', enum: [null] },
        one: { oneOf: [{ $ref: '#/$defs/a' }, { enum: [[1]] }] },
      },
    });
  });

  test('arguments are an object, whatever the schema says', () => {
    expect(argumentsSchema({})).toEqual({ type: 'object' });
    expect(argumentsSchema({ anyOf: [{ required: ['a'] }] })).toMatchObject({ type: 'object' });
  });
});

describe("what Google's own subset says, read as JSON Schema", () => {
  test.each<[string, JsonObject, JsonObject]>([
    ['nothing or a value', { type: 'STRING', nullable: true }, { type: ['string', 'null'] }],
    [
      'nothing or a word of a list',
      { type: 'STRING', enum: ['a'], nullable: true },
      { type: ['string', 'null'], enum: ['a', null] },
    ],
    [
      'nothing or a branch',
      { anyOf: [{ type: 'STRING' }], nullable: true },
      { anyOf: [{ type: 'string' }, { type: 'null' }] },
    ],
    ['a format that only says that words follow', { type: 'STRING', format: 'enum' }, { type: 'string' }],
    ['a format', { type: 'STRING', format: 'date-time' }, { type: 'string', format: 'date-time' }],
    ['no type', { type: 'TYPE_UNSPECIFIED', description: 'x' }, { description: 'x' }],
    ['counts that are strings', { type: 'ARRAY', minItems: '2' }, { type: 'array', minItems: 2 }],
    [
      'a property called type',
      { properties: { type: { type: 'STRING' }, items: { type: 'ARRAY', items: { type: 'INTEGER' } } } },
      { properties: { type: { type: 'string' }, items: { type: 'array', items: { type: 'integer' } } } },
    ],
    [
      'a constant in capitals',
      { enum: ['STRING'], default: 'OBJECT' },
      { enum: ['STRING'], default: 'OBJECT' },
    ],
  ])('%s', (_, schema, expected) => {
    expect(readSchema(schema)).toEqual(expected);
  });
});
