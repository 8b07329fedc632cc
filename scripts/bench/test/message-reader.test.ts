import { expect, test } from 'vitest';
import { messageReader } from '../message-reader.ts';

const WITH_LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n7;a=b\r\n, world\r\n0\r\n\r\n';
const EMPTY = 'HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n';

function read(pieces: readonly string[]) {
  const messages: { head: string; body: string; hasEnded: boolean }[] = [];
  const take = messageReader({
    onHead: (head) => messages.push({ head, body: '', hasEnded: false }),
    onBody: (bytes, start, end) => {
      const message = messages.at(-1);
      if (message !== undefined) message.body += bytes.toString('latin1', start, end);
    },
    onEnd: () => {
      const message = messages.at(-1);
      if (message !== undefined) message.hasEnded = true;
    },
  });
  for (const piece of pieces) take(Buffer.from(piece));
  return messages.map(({ head, body, hasEnded }) => [head.slice(9, 12), body, hasEnded]);
}

test('messages that follow each other are read one by one', () => {
  expect(read([WITH_LENGTH + EMPTY + CHUNKED])).toEqual([
    ['200', 'hello', true],
    ['503', '', true],
    ['200', 'hello, world', true],
  ]);
});

test('a message may be cut at any byte', () => {
  const whole = CHUNKED + WITH_LENGTH;
  for (let cut = 1; cut < whole.length; cut += 1) {
    expect(read([whole.slice(0, cut), whole.slice(cut)])).toEqual([
      ['200', 'hello, world', true],
      ['200', 'hello', true],
    ]);
  }
  expect(read([...whole])).toHaveLength(2);
});

test('a message that has not come whole has not ended', () => {
  expect(read([CHUNKED.slice(0, -2)])).toEqual([['200', 'hello, world', false]]);
  expect(read([WITH_LENGTH.slice(0, -1)])).toEqual([['200', 'hell', false]]);
});

test('what is no such message is refused', () => {
  expect(() => read(['HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n'])).toThrow('neither a length nor chunks');
  expect(() => read([CHUNKED.replace('\r\n5\r\n', '\r\nx\r\n')])).toThrow('no size');
  expect(() => read(['a'.repeat(20_000)])).toThrow('does not end');
});
