import { connect } from 'node:net';
import { messageReader } from './message-reader.ts';

/** One keep-alive connection that asks the same question again and again, one at a time. */
export interface Connection {
  /** @param startMs when the request was due, by `performance.now()` */
  ask(startMs: number): void;
  isBusy(): boolean;
  close(): void;
}

export interface ConnectionOptions {
  readonly port: number;
  readonly request: Buffer;
  readonly bodyBytes: number;
  readonly isStreaming: boolean;
  /** A piece of an answer came. */
  readonly onBytes: (count: number) => void;
  /** A right answer came. Called outside of the reader, so that it may ask again at once. */
  readonly onAnswer: (connection: Connection, startMs: number, firstByteMs: number) => void;
  /** A wrong answer or none. The connection is of no further use. */
  readonly onError: (problem: string) => void;
}

const DONE = 'data: [DONE]\n\n';

export function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { port, request, bodyBytes, isStreaming, onBytes, onAnswer, onError } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    let startMs = 0;
    let firstByteMs = 0;
    let isAsking = false;
    let isClosed = false;
    let status = '';
    let length = 0;
    let tail = '';

    const connection: Connection = {
      ask: (dueMs) => {
        startMs = dueMs;
        firstByteMs = 0;
        length = 0;
        tail = '';
        isAsking = true;
        if (isClosed) fail('the gateway had closed an idle connection');
        else socket.write(request);
      },
      isBusy: () => isAsking,
      close: () => {
        isClosed = true;
        socket.end();
        socket.unref();
      },
    };

    function fail(problem: string): void {
      const isNew = isAsking;
      isAsking = false;
      isClosed = true;
      socket.destroy();
      if (isNew) onError(problem);
    }

    const read = messageReader({
      onHead: (head) => {
        status = head.slice(9, 12);
      },
      onBody: (bytes, start, end) => {
        if (firstByteMs === 0) firstByteMs = performance.now();
        length += end - start;
        onBytes(end - start);
        if (isStreaming)
          tail = (tail + bytes.toString('latin1', Math.max(start, end - DONE.length), end)).slice(
            -DONE.length,
          );
      },
      onEnd: () => {
        if (status !== '200') return fail(`status ${status}`);
        if (length !== bodyBytes) return fail(`a body of ${length} bytes instead of ${bodyBytes}`);
        if (isStreaming && tail !== DONE) return fail('a stream without its end');
        isAsking = false;
        onAnswer(connection, startMs, firstByteMs);
      },
    });
    socket.on('connect', () => resolve(connection));
    socket.on('data', (bytes) => {
      try {
        read(bytes);
      } catch (error) {
        fail(String(error));
      }
    });
    socket.on('error', (error) => {
      fail(error.message);
      reject(error);
    });
    socket.on('close', () => fail('the connection was closed before the answer'));
  });
}
