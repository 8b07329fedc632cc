import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { readThought } from './reasoning-item.ts';

/** All that an item of an answer says: its words, or what a call is given. */
export function itemText(item: JsonObject): string {
  switch (item.type) {
    case 'message':
      return listOf(item.content)
        .map(objectOf)
        .map((part) => stringOf(part?.text) ?? stringOf(part?.refusal) ?? '')
        .join('');
    case 'reasoning':
      return readThought(item).text;
    default: {
      const given = item.arguments ?? item.input;
      if (typeof given === 'string') return given;
      return isObject(given) ? JSON.stringify(given) : '';
    }
  }
}
