/** What one HTTP/1.1 message on a connection reports, in order: a head, pieces of the body, the end. */
export interface MessageListener {
  /** @param head the start line and the header lines, without the empty line that ends them */
  onHead(head: string): void;
  /** A piece of the body, `bytes` from `start` up to `end`, free of chunk framing. Valid only during the call. */
  onBody(bytes: Buffer, start: number, end: number): void;
  onEnd(): void;
}

const HEAD_BYTES_MAX = 16 * 1024;

/**
 * Reads the messages of one keep-alive connection from the pieces that its socket gives. It knows exactly the two ways
 * of framing that this bench meets, a length and chunks, so that the scripted upstream and the load generator cost a
 * few microseconds a message and are not what the bench measures.
 *
 * @throws Error for bytes that are not such a message
 */
export function messageReader(listener: MessageListener): (bytes: Buffer) => void {
  let phase: 'head' | 'body' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' = 'head';
  let left = 0;
  let rest: Buffer | undefined;

  function end(): void {
    phase = 'head';
    listener.onEnd();
  }

  function readHead(head: string): void {
    listener.onHead(head);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) {
      left = Number(length);
      phase = 'body';
      if (left === 0) end();
    } else if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      phase = 'chunk-size';
    } else {
      throw new Error('a message has neither a length nor chunks');
    }
  }

  function readLine(line: string): void {
    if (phase === 'head') {
      readHead(line);
    } else if (phase === 'chunk-end') {
      phase = 'chunk-size';
    } else if (phase === 'trailer') {
      if (line === '') end();
    } else {
      left = Number.parseInt(line, 16);
      if (!Number.isSafeInteger(left)) throw new Error('a chunk has no size');
      phase = left === 0 ? 'trailer' : 'chunk';
    }
  }

  return (piece) => {
    const bytes = rest === undefined ? piece : Buffer.concat([rest, piece]);
    rest = undefined;
    let at = 0;
    while (at < bytes.length) {
      if (phase === 'body' || phase === 'chunk') {
        const stop = Math.min(at + left, bytes.length);
        listener.onBody(bytes, at, stop);
        left -= stop - at;
        at = stop;
        if (left > 0) return;
        if (phase === 'body') end();
        else phase = 'chunk-end';
        continue;
      }
      const ending = phase === 'head' ? '\r\n\r\n' : '\r\n';
      const stop = bytes.indexOf(ending, at, 'latin1');
      if (stop < 0) {
        if (bytes.length - at > HEAD_BYTES_MAX) throw new Error('a head or chunk size does not end');
        rest = bytes.subarray(at);
        return;
      }
      readLine(bytes.toString('latin1', at, stop));
      at = stop + ending.length;
    }
  };
}
