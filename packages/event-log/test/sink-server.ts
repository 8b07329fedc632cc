import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '@ai-switch/kernel';
import type { LogSink } from '../src/index.ts';

export interface SinkServer {
  readonly url: string;
  close(): void;
}

/** Lets other processes write into a sink of this one. */
export async function serveSink(sink: LogSink): Promise<SinkServer> {
  const take = async (request: IncomingMessage) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const { identity, records, announcement } = JSON.parse(Buffer.concat(pieces).toString());
    if (announcement !== undefined) {
      await sink.announce(identity, { ...announcement, chain: Buffer.from(announcement.chain, 'hex') });
      return;
    }
    const read = records.map((record: { chain: string }) => ({
      ...record,
      chain: Buffer.from(record.chain, 'hex'),
    }));
    await sink.write(identity, read);
  };
  const server = createServer((request, response) => {
    take(request).then(
      () => response.writeHead(204).end(),
      (error: unknown) => {
        response.writeHead(error instanceof Fault && error.code === 'conflict' ? 409 : 503).end();
      },
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
