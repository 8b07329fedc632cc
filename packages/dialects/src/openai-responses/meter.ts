// Watches a stream that passes through. Most frames are pieces: those are told by their type, which stands at their
// beginning, and only their text is measured; the few others are parsed.

import type { Frame, StreamMeter } from '../dialect.ts';
import { objectOf, parseJson, stringOf } from '../json/narrow.ts';
import type { ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import type { Usage } from '../model/usage.ts';
import { failureIn } from './read-stream.ts';
import { readUsageObject } from './usage.ts';

export class ResponsesStreamMeter implements StreamMeter {
  #usage: Usage | undefined;
  #outputCharacters = 0;
  #isFinished = false;
  #error: ProviderError | undefined;

  observe({ event, data }: Frame): boolean {
    if (data === '' || data.startsWith('[DONE]')) return true;
    const type = /"type"\s*:\s*"([^"]+)"/.exec(data.slice(0, TYPE_CHARACTERS_MAX))?.[1] ?? event;
    if (SPOKEN.has(type)) this.#outputCharacters += deltaCharacters(data);
    else if (!QUIET.test(type)) this.#observeParsed(data);
    return true;
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get outputCharacters(): number {
    return this.#outputCharacters;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  get error(): ProviderError | undefined {
    return this.#error;
  }

  #observeParsed(data: string): void {
    // An error whose blank line is missing stands on the line after the last event.
    const body = objectOf(parseJson(data) ?? parseJson(data.slice(data.lastIndexOf('\n') + 1)));
    if (body === undefined) return;
    switch (body.type) {
      case 'response.completed':
      case 'response.incomplete':
        this.#isFinished = true;
        this.#usage = readUsageObject(objectOf(body.response)?.usage) ?? this.#usage;
        return;
      case 'response.failed':
        this.#error = failureIn(objectOf(body.response));
        return;
      default:
        if (!stringOf(body.type)?.startsWith('response.'))
          this.#error = errorIn(200, body, body.type === 'error');
    }
  }
}

const TYPE_CHARACTERS_MAX = 256;

const SPOKEN: ReadonlySet<string> = new Set([
  'response.output_text.delta',
  'response.refusal.delta',
  'response.reasoning_summary_text.delta',
  'response.reasoning_text.delta',
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
]);

/** Events that neither end a stream nor say anything. */
const QUIET = /^response\.(?!completed$|incomplete$|failed$)/;

/** The length of the piece as its JSON text has it: an escape sequence counts as one character. */
function deltaCharacters(data: string): number {
  const found = /"delta"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(data)?.[1];
  return found === undefined ? 0 : found.replace(/\\(?:u[0-9a-fA-F]{4}|.)/g, 'x').length;
}
