// https://ai.google.dev/api/generate-content and https://ai.google.dev/gemini-api/docs/thought-signatures

import type { ScriptedAnswer } from './answer.ts';
import { textOf, usageOf } from './answer.ts';
import { geminiComplaints } from './gemini-rules.ts';
import { isGemini3, thoughtSignature } from './gemini-signatures.ts';
import type { Problem, ProblemName } from './problem.ts';
import { type Asked, bare, type ScriptedFrame, type Wire } from './wire.ts';

export const gemini: Wire = {
  dialect: 'gemini',
  problems: {
    badRequest: { status: 400, message: 'Request contains an invalid argument.' },
    contextOverflow: {
      status: 400,
      message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    },
    policy: { status: 400, message: 'The request was blocked.' },
    badKey: { status: 400, message: 'API key not valid. Please pass a valid API key.' },
    noCredit: { status: 402, message: 'Billing is disabled.' },
    forbidden: { status: 403, message: 'Permission denied on resource project.' },
    unknownModel: { status: 404, message: 'models/nothing is not found for API version v1beta.' },
    tooLarge: { status: 413, message: 'Request payload size exceeds the limit: 20971520 bytes.' },
    rate: {
      status: 429,
      message: 'Resource has been exhausted (e.g. check quota).',
    },
    quotaSpent: {
      status: 429,
      message: 'You exceeded your current quota, please check your plan and billing details.',
    },
    server: { status: 500, message: 'An internal error has occurred. Please retry.' },
    overloaded: { status: 503, message: 'The model is overloaded. Please try again later.' },
    timeout: { status: 504, message: 'Deadline expired before operation could complete.' },
  },
  whole,
  frames,
  errorFrame: (asked) => {
    const error = { error: { code: 503, message: 'scripted overload', status: 'UNAVAILABLE' } };
    return asked.isSse ? bare(error) : `,\r\n${JSON.stringify(error)}`;
  },
  errorBody,
  // Google says in the body when to come back.
  errorHeaders: () => ({}),
  complaints: geminiComplaints,
};

const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

const REASONS: Readonly<Partial<Record<ProblemName, string>>> = { badKey: 'API_KEY_INVALID' };

function errorBody({ name, status, message, retryAfterS }: Problem): object {
  const reason = REASONS[name];
  const details = [
    ...(reason === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }]),
    ...(retryAfterS === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterS}s` }]),
  ];
  const word = STATUS_WORDS[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
  return { error: { code: status, message, status: word, ...(details.length > 0 && { details }) } };
}

type Part = Readonly<Record<string, unknown>>;

/** The parts in order, each as a stream brings it. */
function partsOf(answer: ScriptedAnswer, model: string): readonly Part[] {
  const parts: Part[] = (answer.thinking ?? []).map((text) => ({ text, thought: true }));
  for (const text of textOf(answer)) parts.push({ text });
  if (answer.refusal !== undefined) parts.push({ text: answer.refusal });
  const isSigned = answer.thinking !== undefined || isGemini3(model);
  const signed = isSigned ? { thoughtSignature: thoughtSignature(model) } : {};
  for (const [index, tool] of (answer.tools ?? []).entries()) {
    const args = JSON.parse(tool.arguments.join('') || '{}');
    const functionCall = { ...(tool.id !== undefined && { id: tool.id }), name: tool.name, args };
    // Of calls made at once only the first bears the signature.
    parts.push({ functionCall, ...(index === 0 && signed) });
  }
  return parts;
}

/** After text alone the signature comes at the very end, on a part that says nothing. */
function lastPart(answer: ScriptedAnswer, model: string): Part {
  const isSigned = answer.thinking !== undefined && answer.tools === undefined;
  return { text: '', ...(isSigned && { thoughtSignature: thoughtSignature(model) }) };
}

function whole(answer: ScriptedAnswer, asked: Asked): object {
  if (answer.finish === 'blocked') return blocked(answer, asked);
  const merged: Part[] = [];
  for (const part of partsOf(answer, asked.model)) {
    const last = merged.at(-1);
    const isMore = last !== undefined && 'text' in last && 'text' in part && last.thought === part.thought;
    if (isMore) merged.splice(-1, 1, { ...last, text: `${last.text}${part.text}` });
    else merged.push(part);
  }
  const { thoughtSignature } = lastPart(answer, asked.model);
  const last = merged.at(-1);
  if (thoughtSignature !== undefined && last !== undefined)
    merged.splice(-1, 1, { ...last, thoughtSignature });
  return chunk(answer, asked, merged, { isLast: true });
}

function frames(answer: ScriptedAnswer, asked: Asked): readonly ScriptedFrame[] {
  const chunks =
    answer.finish === 'blocked'
      ? [{ body: blocked(answer, asked), isPiece: false }]
      : [
          ...partsOf(answer, asked.model).map((part) => ({
            body: chunk(answer, asked, [part], { isLast: false }),
            isPiece: true,
          })),
          { body: chunk(answer, asked, [lastPart(answer, asked.model)], { isLast: true }), isPiece: false },
        ];
  if (asked.isSse) return chunks.map(({ body, isPiece }) => ({ text: bare(body), isPiece }));
  const listed = chunks.map(({ body, isPiece }, at) => ({
    text: `${at === 0 ? '[' : ',\r\n'}${JSON.stringify(body)}`,
    isPiece,
  }));
  return [...listed, { text: ']', isPiece: false }];
}

function chunk(
  answer: ScriptedAnswer,
  asked: Asked,
  parts: readonly Part[],
  { isLast }: { readonly isLast: boolean },
): object {
  const candidate = {
    content: { parts, role: 'model' },
    ...(isLast && { finishReason: stopOf(answer) }),
    index: 0,
  };
  return { candidates: [candidate], ...common(answer, asked, isLast) };
}

function blocked(answer: ScriptedAnswer, asked: Asked): object {
  return { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, ...common(answer, asked, true) };
}

function common(answer: ScriptedAnswer, asked: Asked, isLast: boolean): object {
  return { ...usageField(answer, isLast), modelVersion: asked.model, responseId: asked.mark };
}

function stopOf(answer: ScriptedAnswer): string {
  if (answer.stopReason !== undefined) return answer.stopReason;
  if (answer.finish === 'length') return 'MAX_TOKENS';
  return answer.refusal === undefined ? 'STOP' : 'SAFETY';
}

/** Every chunk counts all so far; a script says only what is counted in the end. */
function usageField(answer: ScriptedAnswer, isLast: boolean): object {
  const usage = usageOf(answer);
  if (usage === undefined) return {};
  const { input, output, cacheRead = 0, cacheWrite = 0, reasoning } = usage;
  const prompt = input + cacheRead + cacheWrite;
  const promptCounts = {
    promptTokenCount: prompt,
    ...(cacheRead > 0 && { cachedContentTokenCount: cacheRead }),
  };
  if (!isLast) return { usageMetadata: { ...promptCounts, totalTokenCount: prompt } };
  return {
    usageMetadata: {
      ...promptCounts,
      candidatesTokenCount: output - (reasoning ?? 0),
      ...(reasoning !== undefined && { thoughtsTokenCount: reasoning }),
      totalTokenCount: prompt + output,
    },
  };
}
