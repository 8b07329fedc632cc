// One input, one golden a target: the listing of the goldens is the matrix of what converts to what.
// UPDATE_GOLDENS=1 writes them anew; then read the difference, because nothing else judges it.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Dialect, InvalidRequest, type ReplyContext } from '../src/dialect.ts';
import { type DialectName, dialects } from '../src/index.ts';
import type { JsonObject, JsonValue } from '../src/json/value.ts';
import { ReplyFolder } from '../src/model/fold.ts';
import { eventsOf } from './streams.ts';

const root = new URL('../fixtures/', import.meta.url);
const isUpdating = process.env.UPDATE_GOLDENS === '1';

/** A model of each target, of a family that leaves most fields as they are. */
const MODELS: Readonly<Record<DialectName, string>> = {
  'openai-chat': 'glm-5',
  'openai-responses': 'gpt-5.5',
  'anthropic-messages': 'claude-sonnet-4-5',
  gemini: 'gemini-3.8-flash',
};

const context: ReplyContext = {
  requestId: 'req_golden',
  model: 'alias',
  createdAtMs: 1_763_800_000_000,
  isStreamUsageWanted: true,
};

const convert: Readonly<Record<string, (input: Buffer, source: Dialect, target: Dialect) => string>> = {
  'request.json': (input, source, target) => {
    const request = source.readRequest(parse(input), { model: 'alias', isStreaming: false });
    try {
      const { body, dropped } = target.writeRequest(request, MODELS[target.name]);
      return pretty({ dropped, body });
    } catch (error) {
      if (!(error instanceof InvalidRequest)) throw error;
      return pretty({ refused: error.field, message: error.message });
    }
  },
  'reply.json': (input, source, target) => {
    const folder = new ReplyFolder();
    for (const event of source.readReply(parse(input))) folder.add(event);
    if (folder.error !== undefined) {
      return pretty(target.writeError({ ...folder.error, requestId: context.requestId }).body);
    }
    return pretty(target.writeReply(folder.reply(), context));
  },
  'stream.sse': (input, source, target) => {
    const writer = target.streamWriter(context);
    return eventsOf(source, [input])
      .map((event) => writer.write(event))
      .join('');
  },
};

const names = Object.keys(dialects) as DialectName[];
const matrix = names.flatMap((source) =>
  readdirSync(new URL(`${source}/`, root)).flatMap((file) =>
    names.map((target): [string, string, DialectName, DialectName] => {
      const [, stem = file, kind = ''] = /^(.+)\.(request\.json|reply\.json|stream\.sse)$/.exec(file) ?? [];
      return [`${source}/${file}`, `goldens/${source}/${stem}.to-${target}.${kind}`, source, target];
    }),
  ),
);

describe('what a fixture becomes in every dialect', () => {
  test.each(matrix)('%s is written as %s', (fixture, golden, source, target) => {
    const kind = Object.keys(convert).find((ending) => fixture.endsWith(`.${ending}`));
    const written = convert[kind ?? '']?.(read(fixture), dialects[source], dialects[target]);
    if (written === undefined) throw new Error(`${fixture} is of no kind that can be converted.`);
    if (isUpdating) {
      mkdirSync(new URL(`goldens/${source}/`, root), { recursive: true });
      writeFileSync(new URL(golden, root), written);
    }
    expect(read(golden).toString()).toBe(written);
  });

  test('no golden is left without its fixture', () => {
    const wanted = new Set(matrix.map(([, golden]) => golden));
    const found = readdirSync(new URL('goldens/', root)).flatMap((folder) =>
      readdirSync(new URL(`goldens/${folder}/`, root)).map((file) => `goldens/${folder}/${file}`),
    );
    const stray = found.filter((golden) => !wanted.has(golden));
    if (isUpdating) for (const golden of stray) rmSync(new URL(golden, root));
    else expect(stray).toEqual([]);
  });
});

function read(path: string): Buffer {
  return readFileSync(new URL(path, root));
}

function parse(input: Buffer): JsonValue {
  return JSON.parse(input.toString()) as JsonValue;
}

function pretty(value: JsonObject): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
