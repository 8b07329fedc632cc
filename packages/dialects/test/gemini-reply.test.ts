import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InvalidReply, type ReplyContext } from '../src/dialect.ts';
import { gemini } from '../src/gemini/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import type { FinishReason } from '../src/model/event.ts';
import { fold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import type { Usage } from '../src/model/usage.ts';

const folder = new URL('../fixtures/gemini/', import.meta.url);
const fixture = (name: string): JsonValue =>
  JSON.parse(readFileSync(new URL(`${name}.reply.json`, folder), 'utf8')) as JsonValue;
const context: ReplyContext = {
  requestId: 'req_1',
  model: 'alias',
  createdAtMs: 0,
  isStreamUsageWanted: true,
};
const SIGNATURE = 'CiQBjz1rX0d1bW15U2lnbmF0dXJlT2ZBVGhvdWdodA==';

describe('a reply that is read', () => {
  test.each<[string, unknown[], FinishReason]>([
    ['text', [{ kind: 'text', text: 'Hello there.' }], 'stop'],
    ['list-of-chunks', [{ kind: 'text', text: 'Hello' }], 'stop'],
    [
      'tools',
      [
        { kind: 'thinking', text: '', signature: SIGNATURE },
        {
          kind: 'toolCall',
          id: expect.stringMatching(/^call_/),
          name: 'read_file',
          argumentsText: '{"file_path":"a.ts"}',
        },
        { kind: 'toolCall', id: 'fc_2', name: 'read_file', argumentsText: '{"file_path":"走れ.ts"}' },
      ],
      'tool',
    ],
    [
      'thinking',
      [
        { kind: 'thinking', text: '**Plan**\nI think.', signature: SIGNATURE },
        { kind: 'text', text: 'Done.' },
      ],
      'stop',
    ],
    ['max-tokens', [{ kind: 'text', text: 'Once upon' }], 'length'],
    ['safety', [{ kind: 'text', text: 'I' }], 'refusal'],
    ['grounded', [{ kind: 'text', text: 'It rained.' }], 'stop'],
    ['several-candidates', [{ kind: 'text', text: 'One.' }], 'stop'],
  ])('%s', (name, parts, finish) => {
    const reply = fold(gemini.readReply(fixture(name)));
    expect([reply.parts, reply.finish, reply.id]).toEqual([parts, finish, 'Zx8vab']);
  });

  test('case 52: with several calls has all of them', () => {
    const calls = Array.from({ length: 5 }, (_, at) => ({ functionCall: { name: 'f', args: { at } } }));
    const reply = fold(
      gemini.readReply({ candidates: [{ content: { parts: calls }, finishReason: 'STOP' }] }),
    );
    expect(reply.parts).toHaveLength(5);
    expect(new Set(reply.parts.map((part) => ('id' in part ? part.id : ''))).size).toBe(5);
  });

  test('case 68: without candidates, because the prompt is blocked, is a refusal', () => {
    const reply = fold(gemini.readReply(fixture('prompt-blocked')));
    expect([reply.parts, reply.finish, reply.usage?.input]).toEqual([[], 'refusal', 8]);
  });

  test('without a reason has ended', () => {
    expect(fold(gemini.readReply({ candidates: [{ content: { parts: [{ text: 'a' }] } }] })).finish).toBe(
      'stop',
    );
  });

  test('without a reason and without a word has not', () => {
    expect(gemini.readReply({ candidates: [{ content: {} }] }).at(-1)?.type).toBe('error');
  });

  test('of a call that the provider could not read is an error', () => {
    expect(gemini.readReply(fixture('malformed-call')).at(-1)).toMatchObject({
      type: 'error',
      error: { code: 'unavailable' },
    });
  });

  test('case 78: with an error under status 200 is that error', () => {
    const error = { type: 'error', error: { code: 'overloaded', message: 'The model is overloaded.' } };
    expect(gemini.readReply(fixture('error-with-status-200'))).toEqual([error]);
    expect(gemini.readReply([fixture('error-with-status-200')])).toEqual([error]);
  });

  test.each<[string, JsonValue]>([
    ['text', 'hello'],
    ['nothing', null],
    ['an empty object', {}],
    ['an empty list', []],
    ['a reply of another dialect', { choices: [] }],
  ])('of %s is none', (_, body) => {
    expect(() => gemini.readReply(body)).toThrow(InvalidReply);
  });
});

describe('a reply that is written', () => {
  const reply = (more: Partial<Reply> = {}): Reply => ({
    id: 'r1',
    model: 'm',
    parts: [],
    finish: 'stop',
    ...more,
  });
  const write = (more: Partial<Reply>): JsonObject => gemini.writeReply(reply(more), context);

  test('has its parts in order, each signature on the part that follows', () => {
    expect(
      write({
        parts: [
          { kind: 'thinking', text: 'Hm.', signature: 's1' },
          { kind: 'toolCall', id: 'a', name: 'f', argumentsText: '' },
          { kind: 'text', text: 'b' },
          { kind: 'thinking', text: '', signature: 's2' },
        ],
        finish: 'tool',
        usage: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
      }),
    ).toEqual({
      candidates: [
        {
          content: {
            parts: [
              { text: 'Hm.', thought: true },
              { functionCall: { id: 'a', name: 'f', args: {} }, thoughtSignature: 's1' },
              { text: 'b' },
              { text: '', thoughtSignature: 's2' },
            ],
            role: 'model',
          },
          finishReason: 'STOP',
          index: 0,
        },
      ],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 },
      modelVersion: 'alias',
      responseId: 'r1',
    });
  });

  test('has an id of ours when the provider named none', () => {
    expect(write({ id: '' }).responseId).toBe('req_1');
  });

  test('with a broken call says so', () => {
    const broken = write({
      parts: [{ kind: 'toolCall', id: 'a', name: 'f', argumentsText: '{' }],
      finish: 'tool',
    });
    expect(broken.candidates).toMatchObject([
      {
        content: { parts: [] },
        finishReason: 'MALFORMED_FUNCTION_CALL',
        finishMessage: expect.stringContaining('"f"'),
      },
    ]);
  });
});

describe('case 65: counts', () => {
  test.each<[string, JsonObject, Usage | undefined]>([
    [
      'cached tokens are in the prompt, thoughts beside the answer',
      {
        promptTokenCount: 100,
        cachedContentTokenCount: 60,
        toolUsePromptTokenCount: 4,
        candidatesTokenCount: 5,
        thoughtsTokenCount: 30,
        totalTokenCount: 139,
      },
      { input: 44, output: 35, cacheRead: 60, cacheWrite: 0, reasoning: 30 },
    ],
    [
      'thoughts that the total shows to be in the answer are not counted twice',
      { promptTokenCount: 10, candidatesTokenCount: 50, thoughtsTokenCount: 30, totalTokenCount: 60 },
      { input: 10, output: 50, cacheRead: 0, cacheWrite: 0, reasoning: 30 },
    ],
    [
      'no more is cached than there is',
      { promptTokenCount: 5, cachedContentTokenCount: 9 },
      { input: 0, output: 0, cacheRead: 5, cacheWrite: 0 },
    ],
    [
      'nothing is below 0',
      { promptTokenCount: -5, candidatesTokenCount: 1.9 },
      { input: 0, output: 1, cacheRead: 0, cacheWrite: 0 },
    ],
    ['no counts', {}, undefined],
  ])('%s', (_, usageMetadata, usage) => {
    expect(gemini.readUsage({ usageMetadata })).toEqual(usage);
  });
});
