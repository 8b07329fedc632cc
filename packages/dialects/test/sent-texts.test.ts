// Nothing that a request says stays unseen: whatever the hub reads out of it is among its texts, in every recorded request.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type DialectName, dialects, type JsonObject, type Part, sentTexts } from '../src/index.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const requests = (Object.keys(dialects) as DialectName[]).flatMap((name) =>
  readdirSync(join(FIXTURES, name))
    .filter((file) => file.endsWith('.request.json'))
    .map((file) => ({ name, file })),
);

const ADDRESS = { model: 'm', isStreaming: false };

describe.each(requests)('$name/$file', ({ name, file }) => {
  const body = JSON.parse(readFileSync(join(FIXTURES, name, file), 'utf8')) as JsonObject;
  const texts = sentTexts(body);
  const has = (surface: string, text: string) =>
    texts.some((sent) => sent.surface === surface && sent.text.includes(text));

  test('is seen whole', () => {
    const { system, turns } = dialects[name].readRequest(body, ADDRESS);
    for (const { text } of system) expect(has('prompt', text)).toBe(true);
    const parts = turns.flatMap((turn) => turn.parts);
    // What an answer that was cut left behind is words of ours, not of the client's.
    for (const { surface, text } of parts.flatMap(textsOf)) {
      if (text !== '' && JSON.stringify(body).includes(JSON.stringify(text).slice(1, -1))) {
        expect([surface, text, texts.some((sent) => sent.text.includes(text))]).toEqual([
          surface,
          text,
          true,
        ]);
      }
    }
    for (const part of parts) {
      if (part.kind !== 'toolCall') continue;
      const called = texts.filter((sent) => sent.surface === 'toolCall').map(({ text }) => compact(text));
      expect(called).toContain(compact(part.argumentsText));
    }
  });

  test('has no picture or seal among its texts', () => {
    for (const { text } of texts) expect(/^[A-Za-z0-9+/=]{200,}$/.test(text)).toBe(false);
  });
});

function textsOf(part: Part): readonly { readonly surface: string; readonly text: string }[] {
  if (part.kind === 'text') return [{ surface: 'prompt', text: part.text }];
  if (part.kind !== 'toolResult') return [];
  return part.parts.flatMap((one) =>
    one.kind === 'text' ? [{ surface: 'toolResult', text: one.text }] : [],
  );
}

function compact(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text || '{}'));
  } catch {
    return text;
  }
}

test('documents in base64 that hold text are read, pictures are not', () => {
  const data = Buffer.from('the secret').toString('base64');
  const of = (source: JsonObject) => sentTexts({ content: [source] }).map(({ text }) => text);
  expect(of({ type: 'base64', media_type: 'text/plain', data })).toContain('the secret');
  expect(of({ inlineData: { mimeType: 'application/json', data } })).toContain('the secret');
  expect(of({ type: 'input_file', file_data: `data:text/markdown;base64,${data}` })).toContain('the secret');
  expect(of({ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } })).toEqual([]);
  expect(of({ type: 'base64', media_type: 'image/png', data })).toEqual([]);
});

test('what only says that it is base64 is text', () => {
  const of = (object: JsonObject) => sentTexts({ content: [object] }).map(({ text }) => text);
  expect(of({ url: 'data:image/png;base64,the secret' })).toEqual(['data:image/png;base64,the secret']);
  expect(of({ media_type: 'image/png', data: 'the secret, in words' })).toEqual(['the secret, in words']);
  expect(of({ text: 'data:image/png;base64,c2VjcmV0' })).toEqual(['data:image/png;base64,c2VjcmV0']);
});

test('what names and numbers is no text', () => {
  const said = sentTexts({
    model: 'm',
    messages: [{ role: 'user', id: 'x', type: 'message', content: 'Hi' }],
  });
  expect(said).toEqual([{ surface: 'prompt', text: 'Hi' }]);
});
