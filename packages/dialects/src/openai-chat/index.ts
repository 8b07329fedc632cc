import type { Dialect } from '../dialect.ts';
import { objectOf } from '../json/narrow.ts';
import { readError } from '../model/provider-error.ts';
import { ChatStreamMeter } from './meter.ts';
import { readReply } from './read-reply.ts';
import { readRequest } from './read-request.ts';
import { ChatStreamReader } from './read-stream.ts';
import { ChatStreamStopper } from './stream-stop.ts';
import { readUsageObject } from './usage.ts';
import { writeError, writeStreamError } from './write-error.ts';
import { writeReply } from './write-reply.ts';
import { outputMaxEdits, passThroughEdits, writeRequest } from './write-request.ts';
import { ChatStreamWriter, DONE, KEEP_ALIVE } from './write-stream.ts';

/** OpenAI's Chat Completions, and what the many who speak it made of it. */
export const openaiChat: Dialect = {
  name: 'openai-chat',
  path: () => '/chat/completions',
  readRequest,
  writeError,
  writeRequest,
  passThroughEdits,
  outputMaxEdits,
  readReply,
  streamReader: () => new ChatStreamReader(),
  readError,
  streamMeter: (request) => new ChatStreamMeter(request),
  streamStopper: (context) => new ChatStreamStopper(context),
  readUsage: (body) => readUsageObject(objectOf(body)?.usage),
  writeReply,
  streamWriter: (context) => new ChatStreamWriter(context),
  writeStreamError,
  streamEnd: DONE,
  keepAlive: KEEP_ALIVE,
};
