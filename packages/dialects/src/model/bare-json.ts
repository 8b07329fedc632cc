import { parseJson } from '../json/narrow.ts';
import type { Event } from './event.ts';

/**
 * The JSON of each text without the fence or the words that models put around it. A text is shown once it is complete;
 * one that holds no JSON is shown as it came.
 */
export function bareJson(): (event: Event) => readonly Event[] {
  const gathered = new Map<number, string>();
  const take = (index: number): readonly Event[] => {
    const text = gathered.get(index) ?? '';
    gathered.delete(index);
    return text === '' ? [] : [{ type: 'textDelta', index, text: jsonIn(text) }];
  };
  return (event) => {
    switch (event.type) {
      case 'textDelta':
        gathered.set(event.index, (gathered.get(event.index) ?? '') + event.text);
        return [];
      case 'partStop':
        return [...take(event.index), event];
      case 'finish':
      case 'error':
        return [...[...gathered.keys()].flatMap(take), event];
      default:
        return [event];
    }
  };
}

function jsonIn(text: string): string {
  const trimmed = text.trim();
  const candidates = [trimmed, fencedIn(trimmed), bracedIn(trimmed)];
  return candidates.find((candidate) => candidate !== '' && parseJson(candidate) !== undefined) ?? text;
}

const FENCE = '```';

function fencedIn(text: string): string {
  const open = text.indexOf(FENCE);
  const start = open === -1 ? -1 : text.indexOf('\n', open);
  const end = text.lastIndexOf(FENCE);
  return start === -1 || end <= start ? '' : text.slice(start, end).trim();
}

function bracedIn(text: string): string {
  const start = text.search(/[[{]/);
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return start === -1 || end <= start ? '' : text.slice(start, end + 1);
}
