// Parts that a target has no form for, told in words in their place.

import { changedList } from '../json/changed-list.ts';
import type { Capabilities } from './capabilities.ts';
import type { DocumentPart, ImagePart, Part, Request, TextPart, Turn } from './request.ts';

/** Images and documents that the target cannot see. A document that is text becomes that text. */
export function mediaAsText(
  request: Request,
  { images, documents }: Capabilities,
  dropped: Set<string>,
): Request {
  if (images !== false && documents !== false) return request;
  const shown = <Given extends Part>(part: Given, field: string): Given | TextPart => {
    if (part.kind === 'image' && images === false) {
      dropped.add(`${field}.image`);
      return placeholder(part, 'An image was attached here that this model cannot see.');
    }
    return part.kind === 'document' && documents === false ? documentAsText(part, field, dropped) : part;
  };
  return withParts(request, (part, field) => {
    if (part.kind !== 'toolResult') return shown(part, field);
    const parts = changedList(part.parts, (inner) => shown(inner, field));
    return parts === part.parts ? part : { ...part, parts };
  });
}

function documentAsText(part: DocumentPart, field: string, dropped: Set<string>): TextPart {
  const { source, title } = part;
  if (source.kind === 'text') {
    return { kind: 'text', text: title === undefined ? source.text : `${title}\n\n${source.text}` };
  }
  dropped.add(`${field}.document`);
  const named = title === undefined ? 'A document' : `The document "${title}"`;
  return placeholder(part, `${named} was attached here that this model cannot read.`);
}

function placeholder({ cacheControl }: ImagePart | DocumentPart, text: string): TextPart {
  return { kind: 'text', text: `[${text}]`, ...(cacheControl !== undefined && { cacheControl }) };
}

/** The calls and results of a conversation, for a target that knows no tools. */
export function toolUseAsText(request: Request): Request {
  return withParts(request, (part) => {
    if (part.kind === 'toolCall') {
      return { kind: 'text', text: `[Called the tool ${part.name} with ${part.argumentsText}]` };
    }
    if (part.kind !== 'toolResult') return part;
    const texts = part.parts.flatMap((inner) => (inner.kind === 'text' ? [inner.text] : []));
    const others = part.parts.filter((inner) => inner.kind !== 'text');
    const outcome = part.isError ? 'The tool failed' : 'Tool result';
    return [{ kind: 'text', text: `[${outcome}: ${texts.join('\n')}]` }, ...others];
  });
}

/**
 * System text in the middle becomes a part of the user's words, for templates that want it first and turns in turn.
 * Hoisting it to the top would change the cached prefix at every turn.
 */
export function systemTurnsAsText(request: Request, { systemTurns }: Capabilities): Request {
  if (systemTurns !== false || !request.turns.some(({ role }) => role === 'system')) return request;
  const turns: Turn[] = [];
  let isJoining = false;
  for (const turn of request.turns) {
    const isSystem = turn.role === 'system';
    const said: Turn = isSystem ? { role: 'user', parts: asReminder(turn) } : turn;
    const last = turns.at(-1);
    if (last?.role === 'user' && said.role === 'user' && (isSystem || isJoining)) {
      turns[turns.length - 1] = { role: 'user', parts: [...last.parts, ...said.parts] };
    } else turns.push(said);
    isJoining = isSystem;
  }
  return { ...request, turns };
}

function asReminder({ parts }: Turn): readonly Part[] {
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
  const others = parts.filter((part) => part.kind !== 'text');
  const text = texts.join('\n\n');
  if (text === '') return others;
  return [{ kind: 'text', text: `<system-reminder>\n${text}\n</system-reminder>` }, ...others];
}

/** The same request when no part changes. @param change gives the part itself, another one, or several */
function withParts(request: Request, change: (part: Part, field: string) => Part | readonly Part[]): Request {
  let at = 0;
  const turns = changedList(request.turns, (turn) => {
    const field = `messages.${at++}`;
    const changed = turn.parts.map((part) => change(part, field));
    return changed.every((part, index) => part === turn.parts[index])
      ? turn
      : { ...turn, parts: changed.flat() as readonly Part[] };
  });
  return turns === request.turns ? request : { ...request, turns };
}
