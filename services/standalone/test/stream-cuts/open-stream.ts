// A client that reads a stream up to a piece.

import { Agent, request } from 'node:http';
import { dialects, parseFrame, SseSplitter } from '@ai-switch/dialects';
import { type Cell, type CutMode, nameOf, questionOf } from './cells.ts';

export interface OpenStream {
  readonly cell: Cell;
  readonly reservationId: string;
  /** Resolves once all pieces up to the cell's position were read. */
  readonly reached: Promise<void>;
  /** Resolves once nothing more comes. */
  readonly ended: Promise<void>;
  leave(): void;
}

const agent = new Agent({ keepAlive: false });

/** Resolves with the head of the answer. */
export function openStream(url: string, key: string, cell: Cell, mode: CutMode): Promise<OpenStream> {
  const { path, body } = questionOf(cell, mode);
  const reached = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  // Who does not wait for one of them is not to be ended by it.
  reached.promise.catch(() => {});
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const outgoing = request(`${url}${path}`, { method: 'POST', agent, headers });
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      const reservationId = String(incoming.headers['x-aiswitch-reservation'] ?? '');
      const pieces = pieceCounter(cell);
      let seen = 0;
      incoming.on('data', (chunk: Buffer) => {
        seen += pieces(chunk);
        if (seen >= cell.position) reached.resolve();
      });
      incoming.on('error', () => {});
      incoming.on('close', () => {
        reached.reject(new Error(`${nameOf(cell)}: the stream ended behind ${seen} pieces`));
        ended.resolve();
      });
      if (incoming.statusCode !== 200) reject(new Error(`${nameOf(cell)}: status ${incoming.statusCode}`));
      resolve({
        cell,
        reservationId,
        reached: reached.promise,
        ended: ended.promise,
        leave: () => {
          outgoing.destroy();
        },
      });
    });
    outgoing.end(JSON.stringify(body));
  });
}

/** Tells how many pieces each chunk of bytes completes. */
function pieceCounter({ client }: Cell): (chunk: Buffer) => number {
  const splitter = new SseSplitter({ frameBytesMax: 1 << 20 });
  const reader = dialects[client].streamReader();
  return (chunk) =>
    splitter
      .push(chunk)
      .flatMap((frame) => reader.read(parseFrame(frame)))
      .filter((event) => 'text' in event && event.text !== '').length;
}
