import type { Dialect } from '../dialect.ts';
import { objectOf } from '../json/narrow.ts';
import { readError } from '../model/provider-error.ts';
import { GeminiStreamMeter } from './meter.ts';
import { path } from './path.ts';
import { readReply } from './read-reply.ts';
import { readRequest } from './read-request.ts';
import { GeminiStreamReader } from './read-stream.ts';
import { GeminiStreamStopper } from './stream-stop.ts';
import { readUsageObject } from './usage.ts';
import { writeError, writeStreamError } from './write-error.ts';
import { writeReply } from './write-reply.ts';
import { outputMaxEdits, passThroughEdits, writeRequest } from './write-request.ts';
import { GeminiStreamWriter, KEEP_ALIVE } from './write-stream.ts';

export { openApiSchema } from './open-api-schema.ts';

/** Google's generateContent and streamGenerateContent. */
export const gemini: Dialect = {
  name: 'gemini',
  path,
  readRequest,
  writeError,
  writeRequest,
  passThroughEdits,
  outputMaxEdits,
  readReply,
  streamReader: () => new GeminiStreamReader(),
  readError,
  streamMeter: (request) => new GeminiStreamMeter(request),
  streamStopper: (context) => new GeminiStreamStopper(context),
  readUsage: (body) => readUsageObject(objectOf(body)?.usageMetadata),
  writeReply,
  streamWriter: (context) => new GeminiStreamWriter(context),
  writeStreamError,
  streamEnd: '',
  keepAlive: KEEP_ALIVE,
};
