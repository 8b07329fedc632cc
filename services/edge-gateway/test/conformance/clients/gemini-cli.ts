import { GEMINI } from '../../gateway.ts';
import { partsOf } from '../answers.ts';
import type { Client } from '../client.ts';
import { type Json, objectOf, textOf } from '../json.ts';

/** Two contents of the user in a row, no thoughts back, and a word in the place of signatures that never came. */
export const geminiCli: Client = {
  name: 'Gemini CLI',
  path: GEMINI,
  steps: [
    {
      calls: [
        { tool: 'run_shell_command', input: { command: 'ls' } },
        { tool: 'read_file', input: { file_path: 'a' } },
      ],
    },
    { calls: [{ tool: 'read_file', input: { file_path: 'b' } }] },
    { calls: [{ tool: 'run_shell_command', input: { command: 'pwd' } }] },
  ],
  begin() {
    const contents: Json[] = [
      { role: 'user', parts: [{ text: 'This is the Gemini CLI.' }] },
      { role: 'user', parts: [{ text: 'Look around.' }] },
    ];
    let calls: readonly { readonly id: unknown; readonly name: unknown }[] = [];
    let made = 0;
    return {
      ask: (model, stream) => ({ ...SETTINGS, model, stream, contents: [...contents] }),
      hear(raw) {
        const spoken = partsOf(raw).filter(({ thought }) => thought !== true);
        const parts = spoken
          .filter(({ text }) => text !== '')
          .map((part) => ({ ...part }) as Record<string, unknown>);
        const first = parts.find(({ functionCall }) => functionCall !== undefined);
        if (first !== undefined) first.thoughtSignature ??= 'skip_thought_signature_validator';
        if (parts.length > 0) contents.push({ role: 'model', parts });
        const functionCalls = parts.flatMap(({ functionCall: called }) => (called ? [objectOf(called)] : []));
        calls = functionCalls.map(({ id, name }) => {
          made += 1;
          return { id: id ?? `${name}_17638000${made}_0`, name };
        });
        return {
          text: parts.map(({ text }) => textOf(text)).join(''),
          calls: functionCalls.map(({ name, args }, at) => ({
            id: textOf(calls[at]?.id),
            tool: textOf(name),
            input: args,
          })),
        };
      },
      run(results) {
        const parts = calls.map(({ id, name }, at) => ({
          functionResponse: { id, name, response: { output: results[at] } },
        }));
        contents.push({ role: 'user', parts });
      },
      say: (text) => contents.push({ role: 'user', parts: [{ text }] }),
    };
  },
};

const SETTINGS = {
  systemInstruction: { role: 'user', parts: [{ text: 'You are an interactive CLI agent.' }] },
  tools: [
    {
      functionDeclarations: [
        ['read_file', 'file_path'],
        ['run_shell_command', 'command'],
      ].map(([name, property = '']) => ({
        name,
        description: 'Does.',
        parametersJsonSchema: {
          type: 'object',
          properties: { [property]: { type: 'string' }, limit: { type: 'number' } },
          required: [property],
        },
      })),
    },
  ],
  generationConfig: {
    temperature: 1,
    topP: 0.95,
    topK: 64,
    thinkingConfig: { includeThoughts: true, thinkingLevel: 'HIGH' },
  },
};

/** What it asks first of another model, when the user named none. */
export const ROUTER_CALL = {
  contents: [{ role: 'user', parts: [{ text: 'Which model is right?' }] }],
  systemInstruction: { role: 'user', parts: [{ text: 'You are a router.' }] },
  generationConfig: {
    temperature: 0,
    topP: 1,
    maxOutputTokens: 1_024,
    responseMimeType: 'application/json',
    responseJsonSchema: {
      type: 'OBJECT',
      properties: {
        reasoning: { type: 'STRING', description: 'Why.' },
        complexity: { type: 'INTEGER', minimum: 1, maximum: 100 },
      },
      required: ['reasoning', 'complexity'],
    },
    thinkingConfig: { includeThoughts: false, thinkingBudget: 512 },
  },
};
