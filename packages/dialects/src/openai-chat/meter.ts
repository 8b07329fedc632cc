// Watches a stream that passes through. Every frame of every stream goes through here, so that only those are parsed in
// which usage or an error stands; the rest are walked once, string by string, without making an object.

import type { Frame, StreamMeter } from '../dialect.ts';
import { listOf, objectOf, parseJson } from '../json/narrow.ts';
import { unescaped } from '../json/string-in.ts';
import type { JsonObject } from '../json/value.ts';
import type { ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import type { Request } from '../model/request.ts';
import type { Usage } from '../model/usage.ts';
import { readUsageObject } from './usage.ts';

export class ChatStreamMeter implements StreamMeter {
  readonly #isUsageWanted: boolean;
  /** Each of several answers has a finish of its own. */
  #finishesWanted: number;
  usage: Usage | undefined;
  words = '';
  outputCharacters = 0;
  error: ProviderError | undefined;

  constructor(request: Request) {
    this.#isUsageWanted = request.isStreamUsageWanted;
    this.#finishesWanted = request.answerCount;
  }

  observe(frame: Frame): boolean {
    const data = frame.data;
    this.words = '';
    if (data === '') return true;
    if (data.startsWith('[DONE]')) {
      this.#finishesWanted = 0;
      return true;
    }
    const seen = walk(data);
    this.words = seen.spoken + (seen.reasoningContent || seen.reasoning);
    this.outputCharacters += this.words.length;
    this.#finishesWanted -= seen.finishes;
    if (seen.hasUsage || seen.isOdd || frame.event === 'error') {
      return this.#observeParsed(data, frame.event === 'error');
    }
    return true;
  }

  /** Many providers leave `[DONE]` out; the finish of every answer is as good. */
  get isFinished(): boolean {
    return this.#finishesWanted <= 0;
  }

  #observeParsed(data: string, isError: boolean): boolean {
    // An error whose blank line is missing stands on the line after the last chunk.
    const body = parseJson(data) ?? parseJson(data.slice(data.lastIndexOf('\n') + 1));
    const error = errorIn(200, body, isError);
    if (error !== undefined) {
      this.error = error;
      return true;
    }
    const chunk = objectOf(body);
    if (chunk === undefined) return true;
    const choices = listOf(chunk.choices).map(objectOf);
    const usage = readUsageObject(chunk.usage ?? choices[0]?.usage);
    if (usage === undefined) return true;
    this.usage = usage;
    return this.#isUsageWanted || choices.some(saysMore);
  }
}

/** False for a choice that is there only because the form wants one. */
function saysMore(choice: JsonObject | undefined): boolean {
  if (choice === undefined) return false;
  const delta = objectOf(choice.delta) ?? {};
  const isSilent = Object.values(delta).every((value) => value === null || value === '');
  return !isSilent || (choice.finish_reason !== undefined && choice.finish_reason !== null);
}

interface Seen {
  /** Content, arguments and refusals. */
  spoken: string;
  /** vLLM sends its thinking under one name, then under both: it is counted once. */
  reasoningContent: string;
  reasoning: string;
  finishes: number;
  hasUsage: boolean;
  /** An error, or a frame that is no chunk. */
  isOdd: boolean;
}

/** What stands in a chunk, by the names of its fields at any depth. */
function walk(data: string): Seen {
  const seen: Seen = {
    spoken: '',
    reasoningContent: '',
    reasoning: '',
    finishes: 0,
    hasUsage: false,
    isOdd: true,
  };
  const length = data.length;
  let hasError = false;
  let field: FieldKind = 0;
  let at = 0;
  while (at < length) {
    const unit = data.charCodeAt(at);
    if (unit !== QUOTE) {
      if (field !== OTHER && isValueStart(unit)) {
        if (field === USAGE && unit === OPEN_BRACE) seen.hasUsage = true;
        else if (field === ERROR && unit !== SMALL_N) hasError = true;
        else if (field === CHOICES && unit === OPEN_BRACKET) seen.isOdd = false;
        field = OTHER;
      }
      at += 1;
      continue;
    }
    const start = at + 1;
    let isEscaped = false;
    for (at = start; at < length; ) {
      const inside = data.charCodeAt(at);
      if (inside === QUOTE) break;
      if (inside === BACKSLASH) isEscaped = true;
      at += inside === BACKSLASH ? 2 : 1;
    }
    const end = Math.min(at, length);
    at += 1;
    if (data.charCodeAt(at) === COLON) {
      field = fieldKind(data, start, end - start);
      at += 1;
      continue;
    }
    if (field === SPOKEN) seen.spoken += wordsIn(data, start, end, isEscaped);
    else if (field === REASONING_CONTENT) seen.reasoningContent += wordsIn(data, start, end, isEscaped);
    else if (field === REASONING) seen.reasoning += wordsIn(data, start, end, isEscaped);
    else if (field === FINISH && end > start) seen.finishes += 1;
    else if (field === ERROR) hasError = true;
    field = OTHER;
  }
  seen.isOdd ||= hasError;
  return seen;
}

function wordsIn(data: string, start: number, end: number, isEscaped: boolean): string {
  const inside = data.slice(start, end);
  return isEscaped ? unescaped(inside) : inside;
}

function fieldKind(data: string, start: number, length: number): FieldKind {
  switch (length) {
    case 5:
      if (data.startsWith('usage', start)) return USAGE;
      return data.startsWith('error', start) ? ERROR : OTHER;
    case 7:
      if (data.startsWith('choices', start)) return CHOICES;
      return data.startsWith('content', start) || data.startsWith('refusal', start) ? SPOKEN : OTHER;
    case 9:
      if (data.startsWith('arguments', start)) return SPOKEN;
      return data.startsWith('reasoning', start) ? REASONING : OTHER;
    case 13:
      return data.startsWith('finish_reason', start) ? FINISH : OTHER;
    case 17:
      return data.startsWith('reasoning_content', start) ? REASONING_CONTENT : OTHER;
    default:
      return OTHER;
  }
}

function isValueStart(unit: number): boolean {
  return unit !== SPACE && unit !== LINE_FEED;
}

type FieldKind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
const OTHER = 0;
const SPOKEN = 1;
const REASONING_CONTENT = 2;
const REASONING = 3;
const FINISH = 4;
const USAGE = 5;
const ERROR = 6;
const CHOICES = 7;

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const SMALL_N = 0x6e;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
