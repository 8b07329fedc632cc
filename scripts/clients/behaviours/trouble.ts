import type { Behaviour, Expectation } from '../behaviour.ts';
import { says, succeeds } from './answers.ts';

const RETRY_AFTER_S = 3;

/** Longer than the gateway waits by itself: it tells the client. */
export const rateLimit: Behaviour = {
  name: 'rate-limit',
  title: '429 with retry-after',
  task: () => ({ prompt: 'Say that you are there.' }),
  play: (_, __, { before }) =>
    before === 0 ? { problem: 'rate', retryAfterS: RETRY_AFTER_S } : { text: ['There, after a wait.'] },
  expectations: [
    succeeds,
    says('There, after a wait.'),
    {
      says: `the client waits ${RETRY_AFTER_S} s before it asks again`,
      holds: ({ main: [first, second] }) => {
        const waitedMs = (second?.seen.receivedAtMs ?? 0) - (first?.seen.receivedAtMs ?? 0);
        return waitedMs >= RETRY_AFTER_S * 1_000 - 100 || `it waits ${waitedMs} ms`;
      },
    },
  ],
};

/** The gateway asks twice by itself; what the client then gets says when to come back, without which some never do. */
export const rateLimitWithoutDelay: Behaviour = {
  name: 'rate-limit-without-delay',
  title: '429 without retry-after',
  task: () => ({ prompt: 'Say that you are there.' }),
  play: (_, __, { before }) => (before < 2 ? { problem: 'rate' } : { text: ['There, in the end.'] }),
  expectations: [succeeds, says('There, in the end.'), asksAtLeast(3)],
};

export const cut: Behaviour = {
  name: 'cut',
  title: 'cut in mid-stream',
  task: () => ({ prompt: 'Tell me a story.' }),
  play: (_, __, { before }) =>
    before === 0
      ? { text: ['Once upon ', 'a time ', 'there was', ' more.'], cutAfterPieces: 2 }
      : { text: ['The whole ', 'story.'] },
  expectations: [succeeds, says('The whole story.'), asksAtLeast(2)],
};

export const contextOverflow: Behaviour = {
  name: 'context-overflow',
  title: 'context overflow',
  task: () => ({ prompt: 'Read everything there is.' }),
  play: () => ({ problem: 'contextOverflow' }),
  expectations: [
    {
      says: 'the client tells that the prompt is too long',
      holds: ({ ended }) => `${ended.stdout}${ended.stderr}`.slice(-600),
    },
  ],
};

function asksAtLeast(times: number): Expectation {
  return {
    says: `the model is asked ${times} times or more`,
    holds: ({ main }) => main.length >= times || `it is asked ${main.length} times`,
  };
}
