// The scripted upstream, a process of its own. It answers every request at once with prebuilt bytes: 1 KB of JSON, or
// a stream when the request asks for one. It is made of a bare socket server so that it is never the bottleneck.
import { createServer, type Socket } from 'node:net';
import { CHUNKS_PER_STREAM, REPLY_BYTES, replyBody, streamFrames } from './answers.ts';
import { listenOnLoopback, reportReady } from './child.ts';
import { messageReader } from './message-reader.ts';

const chunkMs = Number(process.argv[2] ?? '0');

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
let streams: Stream[] = [];
let isTurning = false;

// Each turn of the event loop gives every open stream one more chunk, each in a write of its own.
function turn(): void {
  streams = streams.filter((stream) => {
    const piece = stream.socket.destroyed ? undefined : pieces[stream.next];
    if (piece === undefined) return false;
    stream.socket.write(piece);
    stream.next += 1;
    return stream.next < pieces.length;
  });
  isTurning = streams.length > 0;
  if (isTurning) schedule();
}

function schedule(): void {
  if (chunkMs > 0) setTimeout(turn, chunkMs);
  else setImmediate(turn);
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
      if (!/"stream": *true/.test(request)) {
        socket.write(reply);
        return;
      }
      streams.push({ socket, next: 0 });
      if (isTurning) return;
      isTurning = true;
      schedule();
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
