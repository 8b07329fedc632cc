// A request that is written in a dialect and read back is the request it was, as far as the dialect can say it, and
// nothing of it is named as dropped. In another dialect it keeps at least every word.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dialects } from '../src/index.ts';
import type { JsonValue } from '../src/json/value.ts';
import type { Part, Request } from '../src/model/request.ts';
import { requestOf } from './arbitrary.ts';

describe.each(Object.values(dialects))('$name', (dialect) => {
  test('a request read back is the request that was written', () => {
    fc.assert(
      fc.property(requestOf(dialect.name), (request) => {
        const { body, dropped } = dialect.writeRequest(request, request.model);
        expect(dropped).toEqual([]);
        const sent = JSON.parse(JSON.stringify(body)) as JsonValue;
        expect(dialect.readRequest(sent, request)).toEqual(request);
      }),
      { numRuns: 300 },
    );
  });

  test.each(Object.values(dialects))('no word of a conversation is lost on the way to $name', (target) => {
    fc.assert(
      fc.property(requestOf(dialect.name), (request) => {
        // Several answers at once are refused where there is no word for them.
        const asked = { ...request, answerCount: 1 };
        const body = JSON.stringify(target.writeRequest(asked, 'model-a').body);
        for (const part of saidIn(request)) {
          if (part.kind === 'text') expect(body).toContain(JSON.stringify(part.text).slice(1, -1));
          else if (part.kind === 'toolCall') expect(body).toContain(`"${part.name}"`);
        }
      }),
    );
  });
});

function saidIn({ system, turns }: Request): readonly Part[] {
  const parts: Part[] = [...system, ...turns.flatMap((turn) => turn.parts)];
  return parts.flatMap((part): readonly Part[] => (part.kind === 'toolResult' ? part.parts : [part]));
}
