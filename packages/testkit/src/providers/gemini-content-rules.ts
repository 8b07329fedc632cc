// Which conversations Gemini takes: https://ai.google.dev/gemini-api/docs/function-calling and /thought-signatures

import { unknownName } from './gemini-schema-rules.ts';
import { isGemini3, isThoughtSignature } from './gemini-signatures.ts';
import { isObject, type Json, objectOf, objectsOf, stringOf } from './json.ts';
import type { Complaints } from './problem.ts';

export function* contentComplaints(contents: readonly Json[], model: string): Complaints {
  if (contents.length === 0) {
    yield { message: '* GenerateContentRequest.contents: contents is not specified\n' };
  }
  for (const [at, content] of contents.entries()) yield* contentRules(content, at, model);
  yield* pairs(contents);
  if (isGemini3(model)) yield* currentTurn(contents);
}

const PART = [
  'text',
  'thought',
  'thoughtSignature',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'videoMetadata',
  'mediaResolution',
  'partMetadata',
];

const DATA = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
];

function* contentRules({ role, parts, ...others }: Json, at: number, model: string): Complaints {
  const place = `contents[${at}]`;
  yield* unknownName(others, [], place);
  if (role !== undefined && role !== 'user' && role !== 'model') {
    yield { message: 'Please use a valid role: user, model.' };
  }
  if (objectsOf(parts).length === 0) {
    yield { message: `* GenerateContentRequest.${place}.parts: contents.parts must not be empty.\n` };
  }
  for (const [index, part] of objectsOf(parts).entries()) {
    yield* partRules(part, `${place}.parts[${index}]`, model);
  }
}

function* partRules(part: Json, place: string, model: string): Complaints {
  yield* unknownName(part, PART, place);
  const named = (name: string, snakeName: string) => part[name] ?? part[snakeName];
  const call = named('functionCall', 'function_call');
  const response = named('functionResponse', 'function_response');
  const signature = named('thoughtSignature', 'thought_signature');
  const data = DATA.filter((name) => named(name, snakeCase(name)) !== undefined);
  if (data.length !== 1) {
    const words =
      data.length === 0 ? 'must have one initialized field' : 'must have only one initialized field';
    yield { message: `* GenerateContentRequest.${place}.data: required oneof field 'data' ${words}\n` };
  }
  if (part.text !== undefined && typeof part.text !== 'string') {
    yield { message: `Invalid value at '${place}.text' (TYPE_STRING), ${JSON.stringify(part.text)}` };
  }
  if (call !== undefined) {
    yield* unknownName(
      objectOf(call),
      ['id', 'name', 'args', 'partialArgs', 'willContinue'],
      `${place}.function_call`,
    );
    yield* functionRules(objectOf(call), 'args', `${place}.function_call`);
  }
  if (response !== undefined) {
    const known = ['id', 'name', 'response', 'parts', 'willContinue', 'scheduling'];
    yield* unknownName(objectOf(response), known, `${place}.function_response`);
    yield* functionRules(objectOf(response), 'response', `${place}.function_response`);
  }
  if (signature !== undefined && !isThoughtSignature(signature, model)) {
    const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(stringOf(signature));
    yield {
      message: isBase64
        ? 'Corrupted thought signature.'
        : `Invalid value at '${place}.thought_signature' (TYPE_BYTES), Base64 decoding failed for "${signature}"`,
    };
  }
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function* functionRules(called: Json, field: string, place: string): Complaints {
  if (stringOf(called.name) === '') {
    yield { message: `* GenerateContentRequest.${place}.name: Name cannot be empty.\n` };
  }
  if (called[field] !== undefined && !isObject(called[field])) {
    yield {
      message: `Invalid value at '${place}.${field}' (type.googleapis.com/google.protobuf.Struct), ${JSON.stringify(called[field])}`,
    };
  }
}

function calls({ parts }: Json): readonly Json[] {
  return objectsOf(parts).flatMap((part) => {
    const call = part.functionCall ?? part.function_call;
    return call === undefined ? [] : [objectOf(call)];
  });
}

function responses({ parts }: Json): readonly Json[] {
  return objectsOf(parts).flatMap((part) => {
    const response = part.functionResponse ?? part.function_response;
    return response === undefined ? [] : [objectOf(response)];
  });
}

/** Contents of one role in a row are one turn. */
function turnsOf(contents: readonly Json[]): readonly Json[] {
  const turns: Json[] = [];
  for (const { role = 'user', parts } of contents) {
    const last = turns.at(-1);
    if (last !== undefined && last.role === role)
      turns.splice(-1, 1, { role, parts: [...objectsOf(last.parts), ...objectsOf(parts)] });
    else turns.push({ role, parts: objectsOf(parts) });
  }
  return turns;
}

/** The responses to a turn's calls stand in the next turn, one for each, and no response stands elsewhere. */
function* pairs(contents: readonly Json[]): Complaints {
  const turns = turnsOf(contents);
  for (const [at, turn] of turns.entries()) {
    const called = calls(turn);
    if (called.length > 0 && at === 0) {
      yield {
        message:
          'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
      };
    }
    const next = turns[at + 1];
    const answered = next === undefined ? [] : responses(next);
    if (called.length > 0 && next !== undefined && answered.length !== called.length) {
      yield {
        message:
          'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      };
    }
    const given = responses(turn);
    const before = at === 0 ? [] : calls(turns[at - 1] ?? {});
    if (given.length > 0 && before.length === 0) {
      yield {
        message: 'Please ensure that function response turn comes immediately after a function call turn.',
      };
    }
    for (const response of given) {
      const isOwn = before.some(
        ({ id, name }) =>
          name === response.name && (id === undefined || response.id === undefined || id === response.id),
      );
      if (isOwn) continue;
      yield {
        message: `Function response "${response.name}" has no function call that it answers in the function call turn.`,
      };
    }
  }
}

/** Since the user last spoke, the first call of each step shows a signature. */
function* currentTurn(contents: readonly Json[]): Complaints {
  const turns = turnsOf(contents);
  const spoken = turns.findLastIndex(
    (turn) =>
      turn.role !== 'model' &&
      objectsOf(turn.parts).some((part) => part.text !== undefined && responses(turn).length === 0),
  );
  for (const [at, turn] of turns.entries()) {
    if (at <= spoken || turn.role !== 'model') continue;
    const index = objectsOf(turn.parts).findIndex(
      (part) => (part.functionCall ?? part.function_call) !== undefined,
    );
    const first = objectsOf(turn.parts)[index];
    if (first === undefined || (first.thoughtSignature ?? first.thought_signature) !== undefined) continue;
    yield {
      message: `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${calls(turn)[0]?.name}\` , position ${at + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`,
    };
  }
}
