import type { Dialect } from '../dialect.ts';
import { printFrame } from '../frames/sse.ts';
import { objectOf } from '../json/narrow.ts';
import { readError } from '../model/provider-error.ts';
import { MessagesStreamMeter } from './meter.ts';
import { readReply } from './read-reply.ts';
import { readRequest } from './read-request.ts';
import { MessagesStreamReader } from './read-stream.ts';
import { MessagesStreamStopper } from './stream-stop.ts';
import { readUsageObject } from './usage.ts';
import { writeError, writeStreamError } from './write-error.ts';
import { writeReply } from './write-reply.ts';
import { outputMaxEdits, passThroughEdits, writeRequest } from './write-request.ts';
import { KEEP_ALIVE, MessagesStreamWriter } from './write-stream.ts';

/** Anthropic's Messages. */
export const anthropicMessages: Dialect = {
  name: 'anthropic-messages',
  path: () => '/messages',
  readRequest,
  writeError,
  writeRequest,
  passThroughEdits,
  outputMaxEdits,
  readReply,
  streamReader: () => new MessagesStreamReader(),
  readError,
  streamMeter: () => new MessagesStreamMeter(),
  streamStopper: (context) => new MessagesStreamStopper(context),
  readUsage: (body) => readUsageObject(objectOf(body)?.usage),
  writeReply,
  streamWriter: (context) => new MessagesStreamWriter(context),
  writeStreamError,
  streamEnd: printFrame('message_stop', '{"type":"message_stop"}'),
  keepAlive: KEEP_ALIVE,
};
