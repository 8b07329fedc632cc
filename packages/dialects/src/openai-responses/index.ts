import type { Dialect } from '../dialect.ts';
import { objectOf } from '../json/narrow.ts';
import { readError } from '../model/provider-error.ts';
import { ResponsesStreamMeter } from './meter.ts';
import { readReply } from './read-reply.ts';
import { readRequest } from './read-request.ts';
import { ResponsesStreamReader } from './read-stream.ts';
import { ResponsesStreamStopper } from './stream-stop.ts';
import { readUsageObject } from './usage.ts';
import { writeError, writeStreamError } from './write-error.ts';
import { writeReply } from './write-reply.ts';
import { outputMaxEdits, passThroughEdits, writeRequest } from './write-request.ts';
import { KEEP_ALIVE, ResponsesStreamWriter } from './write-stream.ts';

export { statefulField } from './server-state.ts';

/** OpenAI's Responses, which Codex speaks and nothing else. */
export const openaiResponses: Dialect = {
  name: 'openai-responses',
  path: () => '/responses',
  readRequest,
  writeError,
  writeRequest,
  passThroughEdits,
  outputMaxEdits,
  readReply,
  streamReader: () => new ResponsesStreamReader(),
  readError,
  streamMeter: () => new ResponsesStreamMeter(),
  streamStopper: (context) => new ResponsesStreamStopper(context),
  readUsage: (body) => readUsageObject(objectOf(body)?.usage),
  writeReply,
  streamWriter: (context) => new ResponsesStreamWriter(context),
  writeStreamError,
  streamEnd: '',
  keepAlive: KEEP_ALIVE,
};
