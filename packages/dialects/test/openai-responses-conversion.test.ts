// Codex and others of this dialect on their way to providers of other dialects, and the answers on their way back.

import { describe, expect, test } from 'vitest';
import type { Dialect, ReplyContext } from '../src/dialect.ts';
import { dialects } from '../src/index.ts';
import { objectOf } from '../src/json/narrow.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Event } from '../src/model/event.ts';
import { fold, unfold } from '../src/model/fold.ts';
import type { Reply } from '../src/model/reply.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import { asked, requestFixture, writtenEvents } from './responses-fixtures.ts';
import { eventsOf } from './streams.ts';

const others = Object.values(dialects).filter((dialect) => dialect !== openaiResponses);
const context: ReplyContext = {
  requestId: 'req_1',
  model: 'm',
  createdAtMs: 0,
  isStreamUsageWanted: true,
};

/** The items that Codex gets for calls of these tools, by the names that the provider knows them by. */
function itemsFor(
  target: Dialect,
  fixture: string,
  calls: readonly (readonly [string, string])[],
): JsonObject[] {
  const { restore } = target.writeRequest(requestFixture(fixture), 'model-a');
  const reply: Reply = {
    id: 'x',
    model: 'm',
    parts: calls.map(([name, argumentsText], at) => ({
      kind: 'toolCall',
      id: `call_${at}`,
      name,
      argumentsText,
    })),
    finish: 'tool',
  };
  const provider = target.streamWriter(context);
  const sent = unfold(reply)
    .map((event) => provider.write(event))
    .join('');
  const back = restore?.() ?? ((event: Event) => [event]);
  const writer = openaiResponses.streamWriter(context);
  const text = eventsOf(target, [Buffer.from(sent)])
    .flatMap((event) => back(event))
    .map((event) => writer.write(event))
    .join('');
  return writtenEvents(text)
    .filter(({ name }) => name === 'response.output_item.done')
    .map(({ body }) => objectOf(body.item) ?? {});
}

describe('case 25: what Codex declared', () => {
  test.each(others)(
    'case 25: comes back from $name in the type and the namespace of its declaration',
    (target) => {
      const items = itemsFor(target, 'codex-additional-tools', [
        ['functions__exec', '{"input":"text(1)\\n"}'],
        ['collaboration__spawn_agent', '{"message":"go"}'],
        ['clock__now', '{}'],
      ]);
      expect(items).toMatchObject([
        { type: 'custom_tool_call', name: 'exec', namespace: 'functions', input: 'text(1)\n' },
        {
          type: 'function_call',
          name: 'spawn_agent',
          namespace: 'collaboration',
          arguments: '{"message":"go"}',
        },
        { type: 'function_call', name: 'now', namespace: 'clock', arguments: '{}' },
      ]);
      const searches = itemsFor(target, 'codex-tool-search', [
        ['tool_search', '{"query":"mail"}'],
        ['mcp__calendar__list_events', '{"day":"today"}'],
        ['apply_patch', '{"input":"*** Begin Patch\\n"}'],
      ]);
      expect(searches).toMatchObject([
        { type: 'tool_search_call', execution: 'client', arguments: { query: 'mail' } },
        { type: 'function_call', name: 'list_events', namespace: 'mcp__calendar' },
        { type: 'custom_tool_call', name: 'apply_patch', input: '*** Begin Patch\n' },
      ]);
    },
  );

  test.each(others)(
    'case 25: is told to $name with its grammar, and its calls go on to be known',
    (target) => {
      const body = JSON.stringify(target.writeRequest(requestFixture('codex'), 'model-a').body);
      expect(body).toContain('begin_patch hunk+ end_patch');
      expect(body).toContain('*** Update File: a.py');
      expect(body).toContain('Success. Updated the following files');
    },
  );
});

test.each(others)('case 26: an image in a result reaches $name', (target) => {
  const { body, dropped } = target.writeRequest(
    requestFixture('codex-images-from-tools'),
    'gemini-3.8-flash',
  );
  expect(JSON.stringify(body).split('iVBORw0KGgo')).toHaveLength(3);
  expect(dropped.filter((name) => name.endsWith('.image'))).toEqual([]);
});

test.each(others)(
  'case 30: a conversation is summarized by $name, and goes on from the summary',
  (target) => {
    const request = requestFixture('codex-compaction');
    const body = JSON.stringify(target.writeRequest(request, 'model-a').body);
    expect(body).toContain('Summarize this conversation');
    expect(body).not.toContain('compaction_trigger');
    const reply = fold(
      target.readReply(
        target.writeReply(
          { id: 'x', model: 'm', parts: [{ kind: 'text', text: 'All fixed.' }], finish: 'stop' },
          context,
        ),
      ),
    );
    const { output } = openaiResponses.writeReply(reply, { ...context, isCompaction: true });
    expect(output).toMatchObject([{ type: 'compaction' }]);
    const next = asked([...(output as readonly JsonObject[]), { role: 'user', content: 'Go on.' }]);
    expect(JSON.stringify(target.writeRequest(next, 'model-a').body)).toContain('All fixed.');
  },
);

test("case 31: Cursor's request is one of Chat Completions, answered in its chunks with its own tools", () => {
  const request = requestFixture('cursor');
  const { body, restore } = openaiChat.writeRequest(request, 'glm-5');
  expect(body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  const part = { kind: 'toolCall' as const, id: 'c', name: 'ApplyPatch' };
  const call: Event[] = [
    { type: 'partStart', index: 0, part },
    { type: 'argumentsDelta', index: 0, text: '{"input":"x"}' },
    { type: 'partStop', index: 0 },
  ];
  const back = restore?.();
  const writer = openaiChat.streamWriter(context);
  const text = call
    .flatMap((event) => back?.(event) ?? [])
    .map((event) => writer.write(event))
    .join('');
  expect(text).toContain('"object":"chat.completion.chunk"');
  expect(text).toContain('"type":"custom","custom":{"name":"ApplyPatch"');
  expect(text).toContain('"custom":{"input":"x"}');
});
