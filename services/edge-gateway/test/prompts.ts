// Prompts as programming tools send them, with the size of real ones.

import { crc32, deflateSync } from 'node:zlib';

interface Block {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface Prompt {
  readonly system: readonly Block[];
  readonly tools: readonly {
    readonly name: string;
    readonly description: string;
    readonly input_schema: object;
  }[];
  readonly messages: readonly { readonly role: string; readonly content: string | readonly Block[] }[];
}

/** A conversation in Anthropic's form: a long system prompt, tools, thoughts, calls and what they gave. */
export function codingSession({ seed, bytes }: { readonly seed: number; readonly bytes: number }): Prompt {
  const random = randomFrom(seed);
  const system = [
    { type: 'text', text: prose(random, 3_000), cache_control: { type: 'ephemeral' } },
    { type: 'text', text: prose(random, bytes / 6), cache_control: { type: 'ephemeral' } },
  ];
  const tools = Array.from({ length: 18 }, (_, at) => ({
    name: `mcp__files__operation_${at}`,
    description: prose(random, bytes / 80),
    input_schema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: {
        file_path: { type: 'string', description: prose(random, 120) },
        limit: { type: 'integer', exclusiveMinimum: 0, maximum: 9007199254740991 },
      },
      required: ['file_path'],
      additionalProperties: false,
    },
  }));
  const messages: { role: string; content: string | Block[] }[] = [
    {
      role: 'user',
      content: [{ type: 'text', text: `<system-reminder>${prose(random, 1_500)}</system-reminder>` }],
    },
  ];
  const size = () => JSON.stringify({ system, tools, messages }).length;
  for (let at = 0; size() < bytes; at += 1) {
    const id = `toolu_01${at}`;
    messages.push({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: prose(random, 600), signature: '' },
        { type: 'text', text: prose(random, 200) },
        {
          type: 'tool_use',
          id,
          name: 'mcp__files__operation_3',
          input: { file_path: `/src/file-${at}.ts`, limit: 200 },
        },
      ],
    });
    messages.push({
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: id, content: [{ type: 'text', text: code(random, 4_000) }] },
      ],
    });
  }
  return { system, tools, messages };
}

/** Everything of a prompt that a model reads, as one text. */
export function rendered({ system, tools, messages }: Prompt): string {
  const of = (block: Block): string => {
    switch (block.type) {
      case 'text':
        return String(block.text);
      case 'thinking':
        return String(block.thinking);
      case 'tool_use':
        return `${block.name}\n${JSON.stringify(block.input)}`;
      case 'tool_result':
        return (block.content as Block[]).map(of).join('\n');
      default:
        throw new Error(`what is a ${block.type}?`);
    }
  };
  const declared = tools.map(
    (tool) => `${tool.name}\n${tool.description}\n${JSON.stringify(tool.input_schema)}`,
  );
  const said = messages.map(({ role, content }) =>
    [`<|${role}|>`, ...(typeof content === 'string' ? [content] : content.map(of))].join('\n'),
  );
  return [...system.map(of), ...declared, ...said].join('\n');
}

const WORDS = (
  'the file reads a function and returns what the caller asked for when nothing else fails so that every test of ' +
  'repository configuration can be run before changes are committed to version control by developers'
).split(' ');

function prose(random: () => number, characters: number): string {
  let text = '';
  while (text.length < characters) {
    text += WORDS[Math.floor(random() * WORDS.length)];
    text += random() < 0.1 ? '.\n' : ' ';
  }
  return text;
}

function code(random: () => number, characters: number): string {
  let text = '';
  for (let line = 1; text.length < characters; line += 1) {
    const name = `${WORDS[Math.floor(random() * WORDS.length)]}${Math.floor(random() * 1e6).toString(36)}`;
    text += `${String(line).padStart(6)}\t  const ${name} = await read('${name}', { at: ${Math.floor(random() * 1e5)} });\n`;
  }
  return text;
}

/** Numbers from 0 to below 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A PNG of one colour. */
export function image(width: number, height: number): object {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.writeUInt8(1, 8);
  const pixels = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height));
  const data = Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', head),
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
  return {
    type: 'image',
    source: { type: 'base64', media_type: 'image/png', data: data.toString('base64') },
  };
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), content]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([size, named, sum]);
}

/** A PDF of so many empty pages. */
export function document(pages: number): object {
  const kids = Array.from({ length: pages }, (_, at) => `${at + 3} 0 R`).join(' ');
  const objects = Array.from(
    { length: pages },
    (_, at) => `${at + 3} 0 obj <</Type /Page /Parent 2 0 R>> endobj`,
  );
  const text = [
    '%PDF-1.4',
    '1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj',
    `2 0 obj <</Type/Pages /Kids [${kids}] /Count ${pages}>> endobj`,
    ...objects,
    'trailer <</Root 1 0 R>>\n%%EOF',
  ].join('\n');
  const data = Buffer.from(text).toString('base64');
  return { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } };
}
