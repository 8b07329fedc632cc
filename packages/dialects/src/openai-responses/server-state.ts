import type { Request } from '../model/request.ts';

/**
 * The field by which the provider is to go on from what it keeps, or to work on by itself; undefined when there is none.
 * Only a provider of this dialect can do either: for another, the request is to be refused by that field.
 */
export function statefulField({ extra, turns }: Request): string | undefined {
  const own = extra['openai-responses'];
  const field = STATEFUL.find((name) => own?.[name] !== undefined);
  if (field !== undefined) return field;
  const hasReference = turns.some(({ parts }) =>
    parts.some((part) => part.kind === 'foreign' && part.type === 'item_reference'),
  );
  return hasReference ? 'input.item_reference' : undefined;
}

const STATEFUL = ['previous_response_id', 'conversation', 'background', 'prompt'] as const;
