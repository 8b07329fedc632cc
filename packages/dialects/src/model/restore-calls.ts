import { objectOf, parseJson, stringOf } from '../json/narrow.ts';
import { type CallName, keyOf } from './cast-tools.ts';
import type { Event } from './event.ts';

/**
 * Calls of an answer as the client declared their tools. What a custom tool is given is shown once the call is complete:
 * it comes as a JSON text, and before its end nobody knows what the text says.
 * @param restored what the client calls each tool, by the key of the target's name
 */
export function restoreCalls(restored: ReadonlyMap<string, CallName>): (event: Event) => readonly Event[] {
  const gathered = new Map<number, string>();
  return (event) => {
    switch (event.type) {
      case 'partStart': {
        const { part, index } = event;
        const to = part.kind === 'toolCall' ? restored.get(keyOf(part)) : undefined;
        if (part.kind !== 'toolCall' || to === undefined) return [event];
        if (to.form === 'custom') gathered.set(index, '');
        const { namespace: _, ...rest } = part;
        return [{ type: 'partStart', index, part: { ...rest, ...to } }];
      }
      case 'argumentsDelta': {
        const text = gathered.get(event.index);
        if (text === undefined) return [event];
        gathered.set(event.index, text + event.text);
        return [];
      }
      case 'partStop':
        return [...takeInput(event.index, gathered), event];
      case 'finish':
      case 'error':
        // Parts that nobody closed end here.
        return [...[...gathered.keys()].flatMap((index) => takeInput(index, gathered)), event];
      default:
        return [event];
    }
  };
}

function takeInput(index: number, gathered: Map<number, string>): readonly Event[] {
  const json = gathered.get(index);
  if (json === undefined) return [];
  gathered.delete(index);
  const text = inputOf(json);
  return text === '' ? [] : [{ type: 'argumentsDelta', index, text }];
}

/** The free text inside; a text that is no such JSON, as a model may write, is the input itself. */
function inputOf(json: string): string {
  if (json.trim() === '' || json.trim() === '{}') return '';
  return stringOf(objectOf(parseJson(json))?.input) ?? json;
}
