// What SDKs do not show of the wire, and clients have failed by. Plain HTTP, so that each byte is the test's own.

import { describe, expect, it } from 'vitest';
import { ALIAS_NAMES, type AliasName, type Gateway } from '../gateway.ts';
import { seenBody } from '../seen.ts';
import { CLIENTS, type Fields, post as postTo, type WireRequest } from './wire-clients.ts';

export function describeWire(gateway: () => Gateway): void {
  const post = (request: WireRequest, headers: Record<string, string>) => postTo(gateway(), request, headers);
  const bearer = () => ({ authorization: `Bearer ${gateway().key}` });

  describe.each(CLIENTS)('$name', ({ name, ask }) => {
    it('case 5: takes the key in every place, and wherever two of them are', async () => {
      const { key } = gateway();
      const places: readonly Record<string, string>[] = [
        bearer(),
        { 'x-api-key': key },
        { 'x-goog-api-key': key },
        { ...bearer(), 'x-goog-api-key': key },
        { ...bearer(), 'x-api-key': key },
      ];
      for (const headers of places) expect((await post(ask('chat', false), headers)).status).toBe(200);
      const asked = ask('chat', false);
      const path = `${asked.path}${asked.path.includes('?') ? '&' : '?'}key=${key}`;
      expect((await post({ ...asked, path }, {})).status).toBe(200);
      expect((await post(asked, {})).status).toBe(401);
    });

    it.each(ALIAS_NAMES)('case 9: streams from %s though only JSON is said to be accepted', async (model) => {
      const response = await post(ask(model, true), { ...bearer(), accept: 'application/json' });
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect(await response.text()).toContain('data: ');
    });

    it.each(ALIAS_NAMES)('case 68: tells a refusal of a provider of %s as one', async (model) => {
      const refusal = 'I will not do that.';
      gateway().provider.script({ refusal }, { refusal }, { finish: 'blocked' });
      for (const isStreaming of [false, true]) {
        const text = await (await post(ask(model, isStreaming), bearer())).text();
        expect(text).toContain(refusal);
        expect(text).toMatch(REFUSALS[name] ?? /never/);
      }
      const blocked = await post(ask(model, false), bearer());
      const text = await blocked.text();
      expect([blocked.status, text]).toEqual([200, expect.stringMatching(REFUSALS[name] ?? /never/)]);
    });

    it.each(ALIAS_NAMES)('case 94: tells an answer of %s that was cut short as one', async (model) => {
      gateway().provider.otherwise = { text: ['Once upon'], finish: 'length' };
      for (const isStreaming of [false, true]) {
        const text = await (await post(ask(model, isStreaming), bearer())).text();
        expect(text).toMatch(LENGTHS[name] ?? /never/);
      }
    });

    it.each(ALIAS_NAMES)('case 48: reads whatever way %s writes its lines in', async (model) => {
      const ways: readonly ((frame: string) => string)[] = [
        (frame) => frame.replaceAll('\n', '\r\n'),
        (frame) => frame.replaceAll('\n', '\r'),
        (frame) => `: a comment\n\nid: 7\nretry: 3000\n${frame}`,
        (frame) => frame.replaceAll('data: ', 'data:'),
      ];
      for (const eachFrame of ways) {
        gateway().provider.script({ text: ['Grüße, ', '世界 🌍'], eachFrame });
        const text = await (await post(ask(model, true), bearer())).text();
        expect(text).toContain('Grüße, ');
        expect(text).toContain('世界 🌍');
        expect(text).not.toContain('"error":{');
      }
    });
  });

  it.each(ALIAS_NAMES)('case 49: Anthropic’s events come in order from %s', async (model) => {
    gateway().provider.script({
      thinking: ['Let me ', 'see.'],
      text: ['One ', 'moment.'],
      tools: [
        { name: 'weather', arguments: ['{"city":', '"Bergen"}'] },
        { name: 'weather', arguments: [] },
      ],
    });
    const asked = CLIENTS[2]?.ask(model, true) ?? expect.unreachable();
    const tools = [{ name: 'weather', input_schema: { type: 'object', properties: {} } }];
    const text = await (await post({ ...asked, body: { ...asked.body, tools } }, bearer())).text();
    const events = eventsIn(text).filter(({ type }) => type !== 'ping');
    const open: number[] = [];
    let next = 0;
    for (const event of events) {
      if (event.type === 'content_block_start') {
        expect([event.index, open]).toEqual([next, []]);
        open.push(next);
        next += 1;
      } else if (event.type === 'content_block_delta') expect(open).toEqual([event.index]);
      else if (event.type === 'content_block_stop') expect(open.splice(0)).toEqual([event.index]);
    }
    // A signature that belongs to a call has a block of its own.
    expect(next).toBeGreaterThanOrEqual(4);
    const types = events.map(({ type }) => type);
    expect([types[0], ...types.slice(-2)]).toEqual(['message_start', 'message_delta', 'message_stop']);
    expect(types.filter((type) => /^message_/.test(String(type)))).toHaveLength(3);
    expect(text).toContain('"stop_reason":"tool_use"');
  });

  it.each(ALIAS_NAMES)(
    'case 60: reasoning of %s is encrypted for Responses only when it is asked for',
    async (model) => {
      for (const include of [undefined, ['reasoning.encrypted_content']]) {
        gateway().provider.script({ thinking: ['Hm.'], text: ['Yes.'] });
        const asked = CLIENTS[1]?.ask(model, false) ?? expect.unreachable();
        const response = await post({ ...asked, body: { ...asked.body, include } }, bearer());
        const { output } = (await response.json()) as { readonly output: readonly Fields[] };
        const item = output.find(({ type }) => type === 'reasoning');
        expect(item).toMatchObject({ summary: [{ type: 'summary_text', text: 'Hm.' }] });
        expect(typeof item?.encrypted_content).toBe(include === undefined ? 'undefined' : 'string');
      }
    },
  );

  it.each(ALIAS_NAMES)('case 63: chunks of %s agree on who speaks', async (model) => {
    gateway().provider.script({ text: ['One ', 'two.'] });
    const text = await (await post(CLIENTS[0]?.ask(model, true) ?? expect.unreachable(), bearer())).text();
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    const chunks = eventsIn(text.replace('data: [DONE]\n\n', ''));
    expect(chunks[0]).toMatchObject({ choices: [{ delta: { role: 'assistant' } }] });
    for (const field of ['id', 'model', 'created', 'object']) {
      expect(new Set(chunks.map((chunk) => chunk[field])).size).toBe(1);
    }
    for (const chunk of chunks)
      expect([Array.isArray(chunk.choices), 'usage' in chunk]).toEqual([true, false]);
  });

  it('case 24: results that came one by one stand together and in order for who wants them so', async () => {
    const call = (id: string, city: string) => ({
      id,
      type: 'function',
      function: { name: 'weather', arguments: JSON.stringify({ city }) },
    });
    const messages = [
      { role: 'user', content: 'How is the weather?' },
      { role: 'assistant', content: null, tool_calls: [call('call_1', 'Bergen'), call('call_2', 'Oslo')] },
      { role: 'tool', tool_call_id: 'call_2', content: '7 degrees' },
      { role: 'tool', tool_call_id: 'call_1', content: '11 degrees' },
    ];
    const results: Readonly<Partial<Record<AliasName, (body: Fields) => unknown>>> = {
      messages: ({ messages: sent }) => (sent as readonly Fields[]).at(-1)?.content,
      gemini: ({ contents }) => (contents as readonly Fields[]).at(-1)?.parts,
    };
    for (const [model, resultsIn] of Object.entries(results)) {
      const path = '/v1/chat/completions';
      expect((await post({ path, body: { model, messages } }, bearer())).status).toBe(200);
      const blocks = resultsIn(JSON.parse(seenBody(gateway().provider))) as readonly Fields[];
      expect(blocks.map((block) => /(\d+) degrees/.exec(JSON.stringify(block))?.[1])).toEqual(['11', '7']);
    }
    expect(gateway().provider.refusals).toEqual([]);
  });
}

const REFUSALS: Readonly<Record<string, RegExp>> = {
  'Chat Completions': /"refusal":"I will|"finish_reason":"content_filter"/,
  Responses: /"type":"refusal"|"reason":"content_filter"/,
  Messages: /"stop_reason":"refusal"/,
  generateContent: /"finishReason":"SAFETY"|"finishReason":"PROHIBITED_CONTENT"|"blockReason":/,
};

const LENGTHS: Readonly<Record<string, RegExp>> = {
  'Chat Completions': /"finish_reason":"length"/,
  Responses: /"reason":"max_output_tokens"/,
  Messages: /"stop_reason":"max_tokens"/,
  generateContent: /"finishReason":"MAX_TOKENS"/,
};

function eventsIn(text: string): readonly Fields[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice('data: '.length)));
}
