import { InvalidRequest } from '../dialect.ts';
import type { JsonValue } from './value.ts';

/** More messages than any client was seen to send; each costs work in every later stage. */
const MESSAGES_MAX = 2_000;

/** A request's `messages`, or what its dialect calls them. @throws InvalidRequest for what is no list, an empty one, or one over the bound */
export function messageList(
  value: JsonValue | undefined,
  field = 'messages',
  max = MESSAGES_MAX,
): readonly JsonValue[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new InvalidRequest(field, `The field "${field}" must be a list of at least one message.`);
  }
  if (value.length > max) {
    throw new InvalidRequest(field, `The field "${field}" must hold no more than ${max} messages.`);
  }
  return value;
}
