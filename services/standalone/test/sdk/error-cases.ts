// What every SDK is told when something goes wrong: as an error of its own types, from which it knows what to do.

import type { ScriptedDialect } from '@ai-switch/testkit';
import { describe, expect, it } from 'vitest';
import type { AliasName, Gateway } from '../gateway.ts';
import type { ConversationOptions, SdkDriver, SdkError } from './driver.ts';

export function describeErrors(
  gateway: () => Gateway,
  driver: () => SdkDriver,
  aliases: readonly AliasName[],
): void {
  const failure = async (options: ConversationOptions): Promise<SdkError> => {
    const error = await driver()
      .open(options)
      .say('Hello')
      .then(
        (said) => expect.unreachable(`it said ${JSON.stringify(said)}`),
        (reason: unknown) => reason,
      );
    return driver().readError(error);
  };
  /** Google's own SDK keeps no headers. */
  const expectRetryAfter = ({ retryAfter }: SdkError, expected: unknown) => {
    if (driver().name !== '@google/genai') expect(retryAfter).toEqual(expected);
  };

  describe.each(aliases)('when a provider of %s', (model) => {
    it('case 74: limits the rate and says for how long', async () => {
      gateway().provider.otherwise = { problem: 'rate', retryAfterS: 7 };
      const error = await failure({ model });
      expect(error.status).toBe(429);
      expectRetryAfter(error, '7');
    });

    it('case 76: has no room for the conversation', async () => {
      gateway().provider.otherwise = { problem: 'contextOverflow' };
      const error = await failure({ model, isStreamed: true });
      expect(error.status).toBe(400);
      expect(error.body).toMatch(OVERFLOW[driver().dialect]);
    });

    it('case 75: refuses our credential, which is no fault of the client', async () => {
      gateway().provider.otherwise = { problem: 'badKey' };
      const { status = 0, body } = await failure({ model });
      expect([502, 503]).toContain(status);
      expect(body).not.toMatch(/api[- ]?key/i);
    });

    it('case 73: refuses the request', async () => {
      gateway().provider.otherwise = { problem: 'badRequest' };
      expect((await failure({ model })).status).toBe(400);
      expect(gateway().provider.requests).toHaveLength(1);
    });

    it.each([
      ['is cut off', { cutAfterPieces: 2 }],
      ['gives up', { errorAfterPieces: 2 }],
    ])('case 77: %s in the middle of a stream, which is no whole answer', async (_how, trouble) => {
      gateway().provider.otherwise = { text: ['one ', 'two ', 'three '], ...trouble };
      const ended = driver().open({ model, isStreamed: true }).say('Count.');
      const end = await ended.then(
        ({ finish }) => finish,
        () => 'thrown',
      );
      // The helper of OpenAI's for Responses gives the failed response instead of throwing.
      expect(['thrown', 'failed', 'error']).toContain(end);
      expect(gateway().provider.requests).toHaveLength(1);
    });
  });

  // The gateway waits and asks again before it gives up, which takes its time.
  it('case 74: a provider that limits the rate and does not say for how long', async () => {
    const [model = 'chat'] = aliases;
    gateway().provider.otherwise = { problem: 'rate' };
    const error = await failure({ model, isStreamed: true });
    expect(error.status).toBe(429);
    expectRetryAfter(error, expect.stringMatching(/^[1-9]\d*$/));
  });

  it('case 75: a wrong key', async () => {
    const { status } = await failure({ model: 'chat', apiKey: 'ais_wrong' });
    expect(status).toBe(401);
    expect(gateway().provider.requests).toHaveLength(0);
  });

  it('case 73: an unknown model', async () => {
    expect((await failure({ model: 'nobody' })).status).toBe(404);
    expect(gateway().provider.requests).toHaveLength(0);
  });

  it('case 74: a spent quota', async () => {
    const apiKey = await gateway().limitedKey(0);
    expect((await failure({ model: 'chat', apiKey })).status).toBe(429);
    expect(gateway().provider.requests).toHaveLength(0);
  });
}

/** By these words clients know that they have to shorten the conversation. */
const OVERFLOW: Readonly<Record<ScriptedDialect, RegExp>> = {
  'openai-chat': /"code":"context_length_exceeded"/,
  'openai-responses': /"code":"context_length_exceeded"/,
  'anthropic-messages': /prompt is too long: \d+ tokens > \d+ maximum/,
  gemini: /INVALID_ARGUMENT/,
};
