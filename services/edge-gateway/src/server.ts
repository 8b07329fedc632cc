import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { newId } from '@ai-switch/kernel';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { serverOptions } from './config.ts';
import type { Edge } from './edge.ts';
import { Refusal, rawErrorResponse } from './refuse.ts';
import { dialectOf, type EdgeBindings } from './routes.ts';
import { inRequestSpan } from './spans/request-span.ts';

/**
 * An HTTP server for the edge, not yet listening. The busy routes go straight to the edge, all others to `app`: the
 * edge's own, or one that carries it and more.
 */
export function createEdgeServer(edge: Edge, app: Hono<EdgeBindings> = edge.app): Server {
  const listener = getRequestListener(app.fetch as Parameters<typeof getRequestListener>[0], {
    overrideGlobalObjects: false,
  });
  const server = createServer(serverOptions, (incoming: IncomingMessage, outgoing: ServerResponse) => {
    inRequestSpan(incoming, outgoing, () => {
      if (!edge.answer(incoming, outgoing)) void listener(incoming, outgoing);
    });
  });
  server.on('clientError', refuseUnreadable);
  return server;
}

interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/** Answers what node:http cannot read as a request: the path is still there to tell the client's dialect by. */
function refuseUnreadable(error: ClientError, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const head = error.rawPacket?.toString('latin1', 0, PACKET_CHARACTERS_READ) ?? '';
  const path = /^[A-Z]+ (\S*)/.exec(head)?.[1] ?? '/';
  const dialect = dialectOf(path, /\r\nanthropic-version:/i.test(head));
  socket.end(rawErrorResponse(dialect, refusalOf(error), newId('req')));
}

const PACKET_CHARACTERS_READ = 4_096;

function refusalOf({ code }: ClientError): Refusal {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Refusal(
        431,
        `The headers are larger than the ${serverOptions.maxHeaderSize} bytes accepted.`,
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Refusal(408, 'The request came too slowly.');
    case 'HPE_INVALID_CONTENT_LENGTH':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
      return new Refusal(400, 'The content-length header is wrong.');
    default:
      return new Refusal(400, 'This is not an HTTP request that can be read.');
  }
}
