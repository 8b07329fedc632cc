// The yardstick: the least that a proxy in Node can do, written as well as we know. No key is checked, nothing is
// counted or logged. Replies are buffered and sent in one write with their length; streams go through chunk by chunk
// with back pressure; a client that leaves aborts the upstream call.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { listenOnLoopback, reportReady } from './child.ts';

const upstreamPort = Number(process.argv[2]);

// As many connections as requests in flight: a lower cap queues inside the pool and adds tens of milliseconds.
const pool = new Pool(`http://127.0.0.1:${upstreamPort}`, { connections: null, pipelining: 1 });

const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () =>
    forward(request, pieces.length === 1 ? pieces[0] : Buffer.concat(pieces), response),
  );
});

function forward(request: IncomingMessage, body: Buffer | undefined, response: ServerResponse): void {
  let isStream = false;
  let status = 502;
  let contentType = 'application/json';
  const pieces: Buffer[] = [];
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      response.on('close', () => {
        if (!response.writableFinished) controller.abort(new Error('the client left'));
      });
    },
    onResponseStart(controller, statusCode, headers) {
      status = statusCode;
      contentType = String(headers['content-type']);
      isStream = contentType.startsWith('text/event-stream');
      if (!isStream) return;
      response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-cache' });
      response.on('drain', () => controller.resume());
    },
    onResponseData(controller, piece) {
      if (!isStream) pieces.push(piece);
      else if (!response.write(piece)) controller.pause();
    },
    onResponseEnd() {
      if (isStream) {
        response.end();
        return;
      }
      const reply = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      response.writeHead(status, { 'content-type': contentType, 'content-length': reply?.length ?? 0 });
      response.end(reply);
    },
    onResponseError() {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end();
    },
  };
  const headers = { 'content-type': 'application/json', authorization: 'Bearer upstream-credential' };
  pool.dispatch({ method: 'POST', path: request.url ?? '/', headers, body: body ?? null }, handler);
}

reportReady({ port: await listenOnLoopback(server) });
