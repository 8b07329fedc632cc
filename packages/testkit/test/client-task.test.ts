import { describe, expect, test } from 'vitest';
import { clientTask, run, type SeenRequest, write } from '../src/index.ts';

const task = clientTask({
  steps: [[write('a.txt', 'one\n')], [run('cat a.txt'), run('ls')]],
  done: 'All done.',
});

function answer(path: string, body: object) {
  const script = task({ path, body: Buffer.from(JSON.stringify(body)) } as SeenRequest);
  const calls = script.tools?.map((tool) => [tool.name, tool.arguments.join('')]);
  return { text: script.text?.join(''), calls };
}

const text = { type: 'string' };
const schema = (...names: string[]) => ({
  type: 'object',
  properties: Object.fromEntries(names.map((name) => [name, text])),
  required: names,
});

describe('a model that does a task', () => {
  test('writes and runs with the tools of Claude Code', () => {
    const tools = [
      { name: 'Bash', input_schema: schema('command', 'description') },
      { name: 'Write', input_schema: schema('file_path', 'content') },
    ];
    const messages: object[] = [{ role: 'user', content: 'Go.' }];
    expect(answer('/v1/messages', { messages, tools }).calls).toEqual([
      ['Write', '{"file_path":"a.txt","content":"one\\n"}'],
    ]);
    const call = { type: 'tool_use', id: 'a', name: 'Write', input: {} };
    messages.push({ role: 'assistant', content: [call] });
    expect(answer('/v1/messages', { messages, tools }).calls).toEqual([
      ['Bash', '{"command":"cat a.txt","description":"scripted"}'],
      ['Bash', '{"command":"ls","description":"scripted"}'],
    ]);
    messages.push({ role: 'assistant', content: [call, call] });
    expect(answer('/v1/messages', { messages, tools })).toMatchObject({ text: 'All done.' });
  });

  test('patches with the free text of Codex, also where it was cast into a function', () => {
    const patch = '*** Begin Patch\n*** Add File: a.txt\n+one\n*** End Patch\n';
    const shell = {
      type: 'function',
      name: 'shell',
      parameters: { type: 'object', properties: { command: { type: 'array' } } },
    };
    const input = [{ role: 'user', content: 'Go.' }];
    const custom = { input, tools: [shell, { type: 'custom', name: 'apply_patch' }] };
    expect(answer('/v1/responses', custom).calls).toEqual([['apply_patch', patch]]);
    const cast = {
      type: 'function',
      function: { name: 'functions__apply_patch', parameters: schema('input') },
    };
    expect(answer('/v1/chat/completions', { messages: input, tools: [cast] }).calls).toEqual([
      ['functions__apply_patch', JSON.stringify({ input: patch })],
    ]);
    const called = [...input, { type: 'custom_tool_call', name: 'apply_patch' }];
    expect(answer('/v1/responses', { ...custom, input: called }).calls?.[0]).toEqual([
      'shell',
      '{"command":["bash","-lc","cat a.txt"]}',
    ]);
  });

  test('writes with the tools of Gemini CLI, and answers its question of routing in JSON', () => {
    const contents = [{ role: 'user', parts: [{ text: 'Go.' }] }];
    const declared = { name: 'write_file', parametersJsonSchema: schema('file_path', 'content') };
    const path = '/v1beta/models/m:generateContent';
    const tools = [{ functionDeclarations: [declared] }];
    expect(answer(path, { contents, tools }).calls?.[0]?.[0]).toBe('write_file');
    const responseJsonSchema = {
      type: 'OBJECT',
      properties: { model: { type: 'STRING', enum: ['flash', 'pro'] }, score: { type: 'INTEGER' } },
      required: ['model', 'score'],
    };
    const generationConfig = { responseMimeType: 'application/json', responseJsonSchema };
    expect(answer(path, { contents, generationConfig }).text).toBe('{"model":"flash","score":1}');
  });

  test('gives a short answer where no tool is offered', () => {
    expect(answer('/v1/chat/completions', { messages: [] })).toEqual({ text: 'All done.', calls: undefined });
  });
});
