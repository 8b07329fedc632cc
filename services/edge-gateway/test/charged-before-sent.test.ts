// What an answer costs is with the operating system before its end is with the client: an edge that is killed right then has charged it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memorySpoolFile } from '../src/holds/spool-file.ts';
import { readLines } from '../src/holds/spool-records.ts';
import { ask, CHAT, type Gateway, GEMINI, MESSAGES, openGateway, PAIRS, RESPONSES } from './gateway.ts';

const USAGE = { input: 40, output: 48 };
/** By which a client takes a stream for complete. */
const ENDS: Readonly<Record<string, RegExp>> = {
  [CHAT]: /\[DONE\]/,
  [RESPONSES]: /"response.completed"/,
  [MESSAGES]: /"message_stop"/,
  [GEMINI]: /"finishReason"/,
};

const spoolFile = memorySpoolFile();
let gateway: Gateway;
/** What the spool said when the end of the answer was written. */
let charged: (string | undefined)[] = [];
let end: RegExp | undefined;

beforeAll(async () => {
  gateway = await openGateway({ spoolFile });
  gateway.server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    for (const name of ['write', 'end'] as const) {
      const write = response[name].bind(response) as (...all: unknown[]) => boolean;
      response[name] = ((piece: unknown, ...more: unknown[]) => {
        look(piece);
        return write(piece, ...more);
      }) as never;
    }
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

function look(piece: unknown): void {
  if (piece === undefined || end?.test(String(piece)) !== true) return;
  const holds = [...readLines(spoolFile.read()).holds.values()];
  charged.push(...holds.map(({ progress }) => progress && `${progress.input} and ${progress.output}`));
}

test.each(PAIRS.flatMap((pair) => [true, false].map((stream) => ({ ...pair, stream }))))(
  '$path by $alias, stream: $stream',
  async ({ path, alias, stream }) => {
    charged = [];
    end = stream ? ENDS[path] : /./;
    gateway.provider.script({ text: Array.from({ length: 12 }, () => ' one two three four'), usage: USAGE });
    const response = await gateway.post(path, ask(path, alias, { stream }));
    expect(response.status, await response.text()).toBe(200);
    await gateway.settled();
    expect(charged).toEqual(['40 and 48']);
  },
);
