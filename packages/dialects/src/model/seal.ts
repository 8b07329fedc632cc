// Hidden reasoning is bound to who made it: shown to another, it is refused or worse. On its way to a client it is put
// into an envelope that names its origin, and only the same origin gets to see what is inside. The envelope is no secret
// and proves nothing: who forges one only sends a provider a signature that it refuses.

import { changedList } from '../json/changed-list.ts';
import { digest } from './digest.ts';
import type { Event } from './event.ts';
import type { Part, RedactedThinkingPart, Request, ThinkingPart } from './request.ts';

/**
 * Takes the envelope off what `origin` made, and takes away what others made: the words of a thought stay, its signature
 * goes. The same request when nothing changes.
 * @param isSameDialect keeps signatures without an envelope, which are the provider's own in a request that passed through
 */
export function openSeals(request: Request, origin: string, isSameDialect: boolean): Request {
  const mark = digest(origin);
  const turns = changedList(request.turns, (turn) => {
    if (!turn.parts.some(isHidden)) return turn;
    const parts = turn.parts.flatMap((part) =>
      isHidden(part) ? openPart(part, mark, isSameDialect) : [part],
    );
    const isSame = parts.length === turn.parts.length && parts.every((part, at) => part === turn.parts[at]);
    return isSame ? turn : { ...turn, parts };
  });
  return turns === request.turns ? request : { ...request, turns };
}

/**
 * Seals the events of one answer, in order. A thought that its maker left unsigned gets an envelope with nothing in it, because
 * most clients bring back only thoughts that are signed, and providers like DeepSeek refuse calls whose thoughts are gone.
 */
export function sealing(origin: string): (event: Event) => readonly Event[] {
  const unsigned = new Set<number>();
  return (event) => {
    if (event.type === 'thinkingDelta' && event.text !== '') unsigned.add(event.index);
    if (event.type === 'signature' && event.signature !== '' && unsigned.delete(event.index)) {
      return [{ ...event, signature: envelope('w', origin, event.signature) }];
    }
    if (event.type !== 'partStop' || !unsigned.delete(event.index)) return [sealEvent(event, origin)];
    return [{ type: 'signature', index: event.index, signature: envelope('s', origin, '') }, event];
  };
}

/** What an origin hides in its answer goes into an envelope; every other event is the same object. */
export function sealEvent(event: Event, origin: string): Event {
  if (event.type === 'signature' && event.signature !== '') {
    return { ...event, signature: envelope('s', origin, event.signature) };
  }
  if (event.type === 'partStart' && event.part.kind === 'redactedThinking') {
    return { ...event, part: { ...event.part, data: envelope('r', origin, event.part.data) } };
  }
  return event;
}

export function isSealed(text: string): boolean {
  return ENVELOPE.test(text);
}

/**
 * `s` holds a signature, `w` one of a thought that had words, which some clients do not bring back, and `r` a thought that is
 * hidden whole: some dialects carry all of them in one field.
 */
const ENVELOPE = /^aisw1\.([swr])\.([0-9a-f]{16})\.([\s\S]*)$/;

function envelope(kind: 's' | 'w' | 'r', origin: string, value: string): string {
  return `aisw1.${kind}.${digest(origin)}.${value}`;
}

type HiddenPart = RedactedThinkingPart | (ThinkingPart & { readonly signature: string });

function isHidden(part: Part): part is HiddenPart {
  return part.kind === 'redactedThinking' || (part.kind === 'thinking' && part.signature !== undefined);
}

function openPart(part: HiddenPart, mark: string, isSameDialect: boolean): readonly Part[] {
  const text = part.kind === 'thinking' ? part.text : '';
  const found = ENVELOPE.exec(part.kind === 'thinking' ? part.signature : part.data);
  if (found === null && isSameDialect) return [part];
  const [, kind, madeBy, value = ''] = found ?? [];
  if (value === '' || madeBy !== mark) return text === '' ? [] : [{ kind: 'thinking', text }];
  if (kind === 'r') return [{ kind: 'redactedThinking', data: value }];
  const lost = kind === 'w' && text === '' ? { hasLostWords: true } : {};
  return [{ kind: 'thinking', text, signature: value, ...lost }];
}
