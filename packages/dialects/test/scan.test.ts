import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidRequest } from '../src/dialect.ts';
import { parseBody, scanTopLevel, spliceFields } from '../src/json/scan.ts';
import type { JsonValue } from '../src/json/value.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text);
const isSound = (value: object): boolean => !JSON.stringify(value).includes('__proto__');
const names = fc.oneof(
  fc.string(),
  fc.constantFrom('model', 'stream', 'messages', 'quote"d', 'é', '\\', 'back\\slash'),
);
const bodies = fc
  .dictionary(names, fc.jsonValue({ maxDepth: 6 }))
  .filter((body) => isSound(body) && areDistinct(Object.keys(body)));
const edits = fc
  .dictionary(fc.constantFrom('model', 'stream', 'stream_options'), fc.jsonValue({ maxDepth: 2 }))
  .filter(isSound);
const spacings = fc.constantFrom(undefined, 1, 2, '\t', ' \n\r ');

function areDistinct(keys: readonly string[]): boolean {
  return new Set(keys.map((key) => key.toLowerCase().toUpperCase())).size === keys.length;
}

describe('the scan of a body', () => {
  test('finds every top-level value where it stands', () => {
    fc.assert(
      fc.property(bodies, spacings, (body, spacing) => {
        const text = JSON.stringify(body, null, spacing);
        const bytes = bytesOf(text);
        const { fields } = scanTopLevel(bytes);
        expect([...fields.keys()].sort()).toEqual(Object.keys(body).sort());
        for (const [name, { start, end }] of fields) {
          const found = JSON.parse(bytes.subarray(start, end).toString()) as JsonValue;
          expect(JSON.stringify(found)).toBe(JSON.stringify(body[name]));
        }
      }),
    );
  });

  test('tells the depth', () => {
    expect(scanTopLevel(bytesOf('{}')).depth).toBe(1);
    expect(scanTopLevel(bytesOf('{"a":[{"b":"]]]{{{"}]}')).depth).toBe(3);
  });

  test.each([
    ['64 levels are taken', 64, false],
    ['65 levels are refused', 65, true],
    ['10,000 levels are refused', 10_000, true],
  ])('%s', (_, depth, isRefused) => {
    const lists = depth - 1;
    const bytes = bytesOf(`{"a":${'['.repeat(lists)}${']'.repeat(lists)}}`);
    if (isRefused) expect(() => scanTopLevel(bytes)).toThrow('nested deeper than 64 levels');
    else expect(scanTopLevel(bytes).depth).toBe(depth);
  });

  test.each([
    ['{"__proto__":1}'],
    ['{"a":{"__proto__":{"isAdmin":true}}}'],
    ['{"a":[{"x":1,"__proto__" : 2}]}'],
    [String.raw`{"a":{"__prot\u006f__":1}}`],
    [String.raw`{"a":{"\u005f\u005f\u0070\u0072\u006f\u0074\u006f\u005f\u005f":1}}`],
  ])('a field named __proto__ is refused wherever it is and however it is spelled: %s', (text) => {
    expect(() => scanTopLevel(bytesOf(text))).toThrow('__proto__');
  });

  test.each([
    ['{"constructor":{"prototype":{"isAdmin":true}}}'],
    ['{"a":[{"x":{"y":1},"constructor" : { "b":[{}], "prototype":1}}]}'],
    [String.raw`{"a":{"const\u0072uctor":{"prototype":1}}}`],
    [String.raw`{"a":{"constructor":{"\u0070\u0072\u006f\u0074\u006f\u0074\u0079\u0070\u0065":1}}}`],
    [String.raw`{"\u0063\u006f\u006e\u0073\u0074\u0072\u0075\u0063\u0074\u006f\u0072":{"prototype":1}}`],
  ])('the prototype of a constructor is refused wherever it is and however it is spelled: %s', (text) => {
    expect(() => scanTopLevel(bytesOf(text))).toThrow('prototype');
  });

  test.each([
    ['{"properties":{"constructor":{"type":"string"},"prototype":{"type":"string"}}}'],
    ['{"a":{"constructor":"s"},"b":{"c":{"prototype":1}}}'],
    ['{"constructor":1,"b":{"prototype":1}}'],
    ['{"a":[{"constructor":1},{"prototype":1}]}'],
    ['{"constructor":{"a":{"prototype":1}}}'],
    ['{"constructor":["prototype"],"d":"constructor"}'],
  ])('either word elsewhere is taken: %s', (text) => {
    expect(() => scanTopLevel(bytesOf(text))).not.toThrow();
  });

  test('the word __proto__ in a text is taken', () => {
    expect(() =>
      scanTopLevel(bytesOf('{"a":"__proto__","b":["__proto__"],"c":"x \\"__proto__\\": y"}')),
    ).not.toThrow();
  });

  test.each([
    ['{"model":"cheap","model":"dear"}'],
    [String.raw`{"model":"cheap","mod\u0065l":"dear"}`],
    ['{"model":"cheap","Model":"dear"}'],
    ['{"stream":false,"ſtream":true}'],
  ])('a field that a provider could read twice is refused: %s', (text) => {
    expect(() => scanTopLevel(bytesOf(text))).toThrow('stands twice');
  });

  test.each([
    ['[]'],
    ['"text"'],
    ['12'],
    ['null'],
    [''],
    ['   '],
    ['{'],
    ['{"a":1'],
    ['{"a":"un'],
    ['{"a":1}}'],
    ['{"a":1} x'],
    ['{"a":"\\"}'],
    ['{"a" 1}'],
    ['{"a":1,}'],
    ['{a:1}'],
    ['{"a":[}]'],
  ])('%j is refused as no JSON object', (text) => {
    expect(() => parseBody(bytesOf(text))).toThrow(InvalidRequest);
  });

  test('whatever bytes come, it answers or refuses, and agrees with the parser', () => {
    const shards = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      ':',
      ',',
      '\\',
      ' ',
      'a',
      '1',
      '"model"',
      'null',
      '\\u0061',
    );
    fc.assert(
      fc.property(fc.array(shards), (pieces) => {
        const text = `{${pieces.join('')}`;
        let parsed: object | undefined;
        try {
          parsed = JSON.parse(text) as object;
        } catch {
          parsed = undefined;
        }
        try {
          const { body } = parseBody(bytesOf(text));
          expect(body).toEqual(parsed);
        } catch (error) {
          if (!(error instanceof InvalidRequest)) throw error;
          expect(parsed === undefined || /twice/.test(error.message)).toBe(true);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a splice', () => {
  test('equals parsing, assigning and printing, and leaves every other byte', () => {
    fc.assert(
      fc.property(bodies, edits, spacings, (body, changes, spacing) => {
        const bytes = bytesOf(JSON.stringify(body, null, spacing));
        const scan = scanTopLevel(bytes);
        const spliced = spliceFields(bytes, scan, changes as Record<string, JsonValue>);
        expect(JSON.parse(spliced.toString())).toEqual(JSON.parse(JSON.stringify({ ...body, ...changes })));
        const again = scanTopLevel(spliced);
        for (const [name, { start, end }] of scan.fields) {
          if (Object.hasOwn(changes, name)) continue;
          const kept = again.fields.get(name);
          expect(spliced.subarray(kept?.start, kept?.end).equals(bytes.subarray(start, end))).toBe(true);
        }
      }),
    );
  });

  test('keeps spacing, number forms and bytes that are no text', () => {
    const bytes = Buffer.concat([
      bytesOf('{ "n" : 1.50e+1 , "model":"a", "x":"'),
      Buffer.from([0xff, 0xfe]),
      bytesOf('" }'),
    ]);
    const spliced = spliceFields(bytes, scanTopLevel(bytes), { model: 'b"c' });
    expect(spliced.toString('latin1')).toBe('{ "n" : 1.50e+1 , "model":"b\\"c", "x":"\xff\xfe" }');
  });

  test('fills an empty body', () => {
    const bytes = bytesOf('{ }');
    expect(spliceFields(bytes, scanTopLevel(bytes), { model: 'a', n: 1 }).toString()).toBe(
      '{"model":"a","n":1 }',
    );
  });

  test('refuses a field that the body spells in another case', () => {
    const bytes = bytesOf('{"Model":"dear"}');
    expect(() => spliceFields(bytes, scanTopLevel(bytes), { model: 'cheap' })).toThrow(
      'must be written "model"',
    );
  });
});
