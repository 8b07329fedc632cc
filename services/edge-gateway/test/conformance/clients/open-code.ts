import { GEMINI, MESSAGES, RESPONSES } from '../../gateway.ts';
import { blocksOf, itemsOf, partsOf } from '../answers.ts';
import type { Client } from '../client.ts';
import { type Json, objectOf, objectsOf, textOf } from '../json.ts';
import { parametersOf, STEPS_OF_SHELLS } from './chat.ts';

const TOOLS = [
  ['bash', 'command'],
  ['read', 'filePath'],
] as const;

export const openCodeResponses: Client = {
  name: 'OpenCode in Responses',
  path: RESPONSES,
  steps: STEPS_OF_SHELLS,
  begin() {
    const input: Json[] = [
      { role: 'developer', content: 'You are opencode.' },
      { role: 'user', content: [{ type: 'input_text', text: 'Look around.' }] },
    ];
    let calls: readonly Json[] = [];
    return {
      ask: (model, stream) => ({
        model,
        input: [...input],
        tools: TOOLS.map(([name, property]) => ({
          type: 'function',
          name,
          description: 'Does.',
          parameters: parametersOf(property),
          strict: false,
        })),
        tool_choice: 'auto',
        max_output_tokens: 32_000,
        store: false,
        include: ['reasoning.encrypted_content'],
        prompt_cache_key: 'ses_1',
        reasoning: { effort: 'medium', summary: 'auto' },
        text: { verbosity: 'low' },
        stream,
      }),
      hear(raw) {
        const items = itemsOf(raw);
        input.push(...items.map(asOpenCodeSends));
        calls = items.filter(({ type }) => type === 'function_call');
        return {
          text: items
            .flatMap(({ content }) => objectsOf(content))
            .map(({ text }) => textOf(text))
            .join(''),
          calls: calls.map(({ call_id: id, name, arguments: given }) => ({
            id: textOf(id),
            tool: textOf(name),
            input: JSON.parse(textOf(given)),
          })),
        };
      },
      run(results) {
        const outputs = calls.map(({ call_id }, at) => ({
          type: 'function_call_output',
          call_id,
          output: results[at],
        }));
        input.push(...outputs);
      },
      say: (text) => input.push({ role: 'user', content: [{ type: 'input_text', text }] }),
    };
  },
};

/** No item has an id. */
function asOpenCodeSends(item: Json): Json {
  switch (item.type) {
    case 'message': {
      const texts = objectsOf(item.content).map(({ text }) => ({ type: 'output_text', text }));
      return { role: 'assistant', content: texts };
    }
    case 'reasoning':
      return { type: 'reasoning', encrypted_content: item.encrypted_content ?? null, summary: item.summary };
    default:
      return { type: item.type, call_id: item.call_id, name: item.name, arguments: item.arguments };
  }
}

export const openCodeMessages: Client = {
  name: 'OpenCode in Messages',
  path: MESSAGES,
  steps: STEPS_OF_SHELLS,
  begin() {
    const cache = { cache_control: { type: 'ephemeral' } };
    const messages: Json[] = [{ role: 'user', content: [{ type: 'text', text: 'Look around.' }] }];
    let calls: readonly Json[] = [];
    return {
      ask: (model, stream) => ({
        model,
        max_tokens: 32_000,
        system: [{ type: 'text', text: 'You are opencode.', ...cache }],
        messages: messages.map((message, at) => (at < messages.length - 1 ? message : marked(message))),
        tools: TOOLS.map(([name, property]) => ({
          name,
          description: 'Does.',
          input_schema: parametersOf(property),
          eager_input_streaming: true,
        })),
        tool_choice: { type: 'auto' },
        thinking: { type: 'adaptive', display: 'summarized' },
        output_config: { effort: 'high' },
        stream,
      }),
      hear(raw) {
        const content = blocksOf(raw);
        messages.push({ role: 'assistant', content });
        calls = content.filter(({ type }) => type === 'tool_use');
        return {
          text: content.map(({ text }) => textOf(text)).join(''),
          calls: calls.map(({ id, name, input }) => ({ id: textOf(id), tool: textOf(name), input })),
        };
      },
      run(results) {
        const content = calls.map(({ id }, at) => ({
          type: 'tool_result',
          tool_use_id: id,
          content: [{ type: 'text', text: results[at] }],
        }));
        messages.push({ role: 'user', content });
      },
      say: (text) => messages.push({ role: 'user', content: [{ type: 'text', text }] }),
    };
  },
};

/** The end of the conversation is what it wants cached. */
function marked(message: Json): Json {
  const blocks = objectsOf(message.content);
  const mark = { cache_control: { type: 'ephemeral' } };
  return {
    ...message,
    content: blocks.map((block, at) => (at < blocks.length - 1 ? block : { ...block, ...mark })),
  };
}

export const openCodeGemini: Client = {
  name: 'OpenCode in Gemini',
  path: GEMINI,
  steps: STEPS_OF_SHELLS,
  begin() {
    const contents: Json[] = [{ role: 'user', parts: [{ text: 'Look around.' }] }];
    let calls: readonly Json[] = [];
    return {
      ask: (model, stream) => ({
        model,
        stream,
        contents: [...contents],
        systemInstruction: { parts: [{ text: 'You are opencode.' }] },
        tools: [
          {
            functionDeclarations: TOOLS.map(([name, property]) => ({
              name,
              description: 'Does.',
              parameters: {
                type: 'object',
                properties: { [property]: { type: 'string' } },
                required: [property],
              },
            })),
          },
        ],
        toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
        generationConfig: {
          maxOutputTokens: 32_000,
          topK: 64,
          topP: 0.95,
          thinkingConfig: { includeThoughts: true, thinkingLevel: 'high' },
        },
      }),
      hear(raw) {
        const parts = mergedTexts(partsOf(raw));
        contents.push({ role: 'model', parts });
        calls = parts.flatMap(({ functionCall }) =>
          functionCall === undefined ? [] : [objectOf(functionCall)],
        );
        return {
          text: parts
            .filter(({ thought }) => thought !== true)
            .map(({ text }) => textOf(text))
            .join(''),
          calls: calls.map(({ name, args }) => ({ id: '', tool: textOf(name), input: args })),
        };
      },
      run(results) {
        const parts = calls.map(({ name }, at) => ({
          functionResponse: { name, response: { name, content: results[at] } },
        }));
        contents.push({ role: 'user', parts });
      },
      say: (text) => contents.push({ role: 'user', parts: [{ text }] }),
    };
  },
};

/** It knows no ids of calls, sends thoughts back, and puts what came in pieces into one part. */
function mergedTexts(parts: readonly Json[]): readonly Json[] {
  const merged: Json[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    const { thoughtSignature, functionCall, text, thought } = part;
    const signed = thoughtSignature === undefined ? {} : { thoughtSignature };
    if (functionCall !== undefined) {
      const { name, args } = objectOf(functionCall);
      merged.push({ functionCall: { name, args }, ...signed });
    } else if (last?.text !== undefined && last.thought === thought) {
      merged.splice(-1, 1, { ...last, text: `${last.text}${textOf(text)}`, ...signed });
    } else if (textOf(text) !== '' || thoughtSignature !== undefined) {
      merged.push({ text: textOf(text), ...(thought === true && { thought }), ...signed });
    }
  }
  return merged;
}
