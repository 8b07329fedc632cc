// The scripted upstream, a process of its own. It answers every request at once with prebuilt bytes: 1 KB of JSON, or
// a stream when the request asks for one, at the pace that the request names. It is made of a bare socket server so that
// it is never the bottleneck.
import { createServer, type Socket } from 'node:net';
import { CHUNKS_PER_STREAM, REPLY_BYTES, replyBody, streamFrames } from './answers.ts';
import { listenOnLoopback, reportReady } from './child.ts';
import { messageReader } from './message-reader.ts';

const body = replyBody();
const reply = Buffer.concat([
  Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
    'latin1',
  ),
  body,
]);
const frames = streamFrames();
const streamHead = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n',
  'latin1',
);
const pieces = frames.map((frame, index) => {
  const chunk = Buffer.concat([
    Buffer.from(`${frame.length.toString(16)}\r\n`),
    frame,
    Buffer.from(index === frames.length - 1 ? '\r\n0\r\n\r\n' : '\r\n'),
  ]);
  return index === 0 ? Buffer.concat([streamHead, chunk]) : chunk;
});

interface Stream {
  readonly socket: Socket;
  next: number;
}
// The open streams of each pace.
const paces = new Map<number, Stream[]>();

function startStream(socket: Socket, chunkMs: number): void {
  const streams = paces.get(chunkMs) ?? [];
  streams.push({ socket, next: 0 });
  paces.set(chunkMs, streams);
  if (streams.length === 1) scheduleTurn(chunkMs);
}

// Each turn gives every open stream one more chunk, each in a write of its own. A pace of 0 turns with the event loop.
function turn(chunkMs: number): void {
  const open = (paces.get(chunkMs) ?? []).filter((stream) => {
    const piece = stream.socket.destroyed ? undefined : pieces[stream.next];
    if (piece === undefined) return false;
    stream.socket.write(piece);
    stream.next += 1;
    return stream.next < pieces.length;
  });
  paces.set(chunkMs, open);
  if (open.length > 0) scheduleTurn(chunkMs);
}

function scheduleTurn(chunkMs: number): void {
  if (chunkMs > 0) setTimeout(turn, chunkMs, chunkMs);
  else setImmediate(turn, chunkMs);
}

const server = createServer({ noDelay: true }, (socket) => {
  let request = '';
  const read = messageReader({
    onHead: () => {
      request = '';
    },
    onBody: (bytes, start, end) => {
      request += bytes.toString('latin1', start, end);
    },
    onEnd: () => {
      const chunkMs = /"chunk_ms":"(\d+)"/.exec(request)?.[1];
      if (chunkMs === undefined) socket.write(reply);
      else startStream(socket, Number(chunkMs));
    },
  });
  socket.on('data', read);
  socket.on('error', () => socket.destroy());
});

const port = await listenOnLoopback(server);
reportReady({
  port,
  replyBytes: REPLY_BYTES,
  streamBytes: frames.reduce((sum, frame) => sum + frame.length, 0),
  chunks: CHUNKS_PER_STREAM,
});
