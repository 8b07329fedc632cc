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
        if (first === undefined || second === undefined) return 'it does not ask again';
        const waitedMs = second.seen.receivedAtMs - first.seen.receivedAtMs;
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

/** The prompt is too long once a file was read; some clients sum up what was said, and go on with that. */
export const contextOverflow: Behaviour = {
  name: 'context-overflow',
  title: 'context overflow',
  task: () => ({ prompt: 'Read the long file, and tell me when you did.' }),
  play: ({ text, rounds }, { client, file }) => {
    if (text.includes(SUMMARY)) return { text: ['Done, by the summary.'] };
    if (isSummaryAsked(text)) return { text: [SUMMARY] };
    return rounds === 0 ? { calls: [client.tools.read(file('long.txt'))] } : { problem: 'contextOverflow' };
  },
  playBeside: ({ text }) => (isSummaryAsked(text) ? { text: [SUMMARY] } : undefined),
  expectations: [
    {
      says: 'the client sums up and goes on, or tells that there is too much',
      holds: ({ client, ended, answer }) => {
        const shown = `${answer}${ended.stderr}`;
        return (
          shown.includes(AT_OVERFLOW[client.release.name] ?? '') || `it ends in "${shown.trim().slice(-150)}"`
        );
      },
    },
  ],
};

const SUMMARY = 'In sum: the long file was read.';

const AT_OVERFLOW: Readonly<Record<string, string>> = {
  'claude-code': 'Done, by the summary.',
  codex: "Codex ran out of room in the model's context window.",
  opencode: 'Done, by the summary.',
  'gemini-cli': 'exceeds the maximum number of tokens allowed',
};

/** What the clients' own prompts for it have in common. */
function isSummaryAsked(text: string): boolean {
  return /detailed summary of|anchored summary|summary template/i.test(text);
}

function asksAtLeast(times: number): Expectation {
  return {
    says: `the model is asked ${times} times or more`,
    holds: ({ main }) => main.length >= times || `it is asked ${main.length} times`,
  };
}
