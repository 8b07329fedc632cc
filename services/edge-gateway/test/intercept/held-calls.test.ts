// A call that a rule blocks never reaches the agent, however its bytes are cut; one that none blocks arrives to the byte.

import { RuleAction, RuleMode } from '@ai-switch/contracts';
import { type DialectName, dialects } from '@ai-switch/dialects';
import { afterAll, describe, expect, test } from 'vitest';
import { TokenCounter } from '../../src/token-counter.ts';
import { DESTRUCTIVE, DESTRUCTIVE_PATTERN } from './destructive-commands.ts';
import { answerWith, compiled, eventsOf, laneOf, pushed, streamed } from './lane.ts';
import { ON_CALLS, setOf } from './with-rules.ts';

const counter = new TokenCounter();
afterAll(() => counter.close());

const rules = compiled(
  setOf({ pattern: DESTRUCTIVE_PATTERN, mode: RuleMode.REGEX, surfaces: ON_CALLS, message: 'No.' }),
);

const names = Object.keys(dialects) as DialectName[];
/** The two that agents use most: some commands at every byte, and the others at every thirteenth. */
const AT_EVERY_BYTE: readonly DialectName[] = ['anthropic-messages', 'openai-responses'];

const argumentsOf = (command: string) => JSON.stringify({ command, description: 'Cleans up' });

/** Every way to cut bytes in two, and all of them apart. */
function* cuts(bytes: Buffer, step: number): Generator<readonly Buffer[]> {
  for (let at = 1; at < bytes.length; at += step) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

describe.each(names)('a stream of %s that passes through', (name) => {
  const step = AT_EVERY_BYTE.includes(name) ? 1 : 13;
  const options = { client: name, provider: name, counter } as const;

  test('releases nothing of a destructive call, wherever its bytes are cut', () => {
    for (const [at, command] of DESTRUCTIVE.entries()) {
      const bytes = streamed(name, answerWith([{ name: 'Bash', pieces: [argumentsOf(command)] }]));
      for (const pieces of cuts(bytes, at % 6 === 0 ? step : 13)) {
        const lane = laneOf({ ...options, rules });
        const got = pushed(lane, pieces);
        if (lane.blocked === undefined || leaks(got)) expect.unreachable(`${command} went out: ${got}`);
      }
    }
  }, 120_000);

  test('releases nothing of one whose arguments are cut anywhere into pieces of their own', () => {
    for (const command of DESTRUCTIVE) {
      const text = argumentsOf(command);
      for (let at = 1; at < text.length; at += 1) {
        const pieces = [text.slice(0, at), text.slice(at)];
        const lane = laneOf({ ...options, rules });
        const got = pushed(lane, [streamed(name, answerWith([{ name: 'Bash', pieces }]))]);
        if (lane.blocked === undefined || leaks(got)) expect.unreachable(`${command} went out: ${got}`);
      }
    }
  }, 120_000);

  test('has every byte of a call that no rule names, wherever it is cut', () => {
    const pieces = argumentsOf('ls -la "ünïcödé 文字 😀"').match(/.{1,9}/gu) ?? [];
    const bytes = streamed(
      name,
      answerWith([
        { name: 'Bash', pieces },
        { name: 'Read', pieces: ['{}'] },
      ]),
    );
    for (const cut of cuts(bytes, step)) {
      const got = pushed(laneOf({ ...options, rules }), cut);
      if (got !== bytes.toString()) expect(got).toBe(bytes.toString());
    }
  }, 120_000);

  test('says what comes before a call at once, and a harmless call as soon as it is whole', () => {
    const lane = laneOf({ ...options, rules });
    const frames = String(streamed(name, answerWith([{ name: 'Bash', pieces: ['{"command":', '"ls"}'] }])))
      .split(/(?<=\n\n)/)
      .map((frame) => Buffer.from(frame));
    const got = frames.map((frame) => String(lane.push(frame) ?? ''));
    const before = frames.findIndex((frame) => frame.includes('Bash'));
    expect(got.slice(0, before).join('')).toContain('I will clean up.');
    expect(lane.hasBegun).toBe(true);
    expect(got.join('')).toBe(Buffer.concat(frames).toString());
  });

  test('is stopped at the first of several calls that a rule names, and keeps those before it', () => {
    const calls = [
      { name: 'Read', pieces: ['{"file_path":"/a"}'] },
      { name: 'Bash', pieces: [argumentsOf('rm -rf /')] },
      { name: 'Write', pieces: ['{"file_path":"/b"}'] },
    ];
    const lane = laneOf({ ...options, rules });
    const got = pushed(lane, [streamed(name, answerWith(calls))]);
    expect(lane.blocked?.message).toMatch(/^No\. \(rule rule-1, request req_/);
    expect(leaks(got)).toBe(false);
    expect(got).not.toContain('Write');
    expect(lane.usage).toMatchObject({ input: 20, output: 9 });
  });

  test('goes through untouched by rules that only flag or count', () => {
    const bytes = streamed(name, answerWith([{ name: 'Bash', pieces: [...argumentsOf('rm -rf /')] }]));
    for (const action of [RuleAction.FLAG, RuleAction.SHADOW]) {
      const lane = laneOf({ ...options, rules: compiled(setOf({ pattern: 'rm -rf', action })) });
      const frames = String(bytes).split(/(?<=\n\n)/);
      for (const frame of frames) expect(String(lane.push(Buffer.from(frame)))).toBe(frame);
      expect(lane.blocked).toBeUndefined();
    }
  });

  test('that breaks off in a call gives nothing of a destructive one and all of a harmless one', () => {
    for (const [command, isHarmless] of [
      ['rm -rf /', false],
      ['ls -la', true],
    ] as const) {
      const whole = streamed(name, answerWith([{ name: 'Bash', pieces: [argumentsOf(command)] }]));
      const at = whole.lastIndexOf('Cleans up') === -1 ? whole.length : frameEndAfter(whole, command);
      const lane = laneOf({ ...options, rules });
      const got = pushed(lane, [whole.subarray(0, at)]);
      if (isHarmless) expect(got).toBe(whole.subarray(0, at).toString());
      else expect(leaks(got)).toBe(false);
    }
  });
});

test.each(names.filter((name) => name !== 'gemini'))(
  'a call of %s over the bound of what is held is not let through',
  (name) => {
    const pieces = Array.from({ length: 100 }, () => 'a'.repeat(100));
    const bytes = streamed(name, answerWith([{ name: 'Write', pieces: ['{"text":"', ...pieces, '"}'] }]));
    const lane = laneOf({ client: name, provider: name, counter, rules, heldBytesMax: 5_000 });
    const got = pushed(lane, [...cuts(bytes, bytes.length)].at(-1) ?? []);
    expect(lane.blocked?.message).toMatch(/too long/);
    expect(got).not.toContain('Write');
  },
);

function frameEndAfter(bytes: Buffer, word: string): number {
  return bytes.indexOf('\n\n', bytes.indexOf(word.slice(0, 2))) + 2;
}

/** Neither the call's name nor a word of its arguments. */
function leaks(text: string): boolean {
  return (
    text.includes('Bash') ||
    text.includes('Cleans up') ||
    text.includes('"command') ||
    text.includes('command\\"')
  );
}

const pairs = names.flatMap((client) => names.map((provider) => ({ client, provider })));

describe.each(pairs.filter(({ client, provider }) => client !== provider))(
  'a stream to $client from $provider',
  ({ client, provider }) => {
    test('releases nothing of a destructive call, and all of what was said before', () => {
      for (const command of DESTRUCTIVE) {
        const bytes = streamed(provider, answerWith([{ name: 'Bash', pieces: [...argumentsOf(command)] }]));
        for (const pieces of [[bytes], ...cuts(bytes, 97)]) {
          const lane = laneOf({ client, provider, rules, counter });
          const got = pushed(lane, pieces);
          expect(lane.blocked).toBeDefined();
          expect(leaks(got)).toBe(false);
          expect(got).toContain('I will clean up.');
        }
      }
    }, 120_000);

    test('is the same with and without rules that name nothing of it', () => {
      const calls = ['Bash', 'Read'].map((name) => ({ name, pieces: [...argumentsOf('ls -la 😀')] }));
      const bytes = streamed(provider, answerWith(calls));
      for (const pieces of cuts(bytes, 97)) {
        const [ruled, free] = [rules, undefined].map((each) => {
          return pushed(laneOf({ client, provider, rules: each, counter }), pieces);
        });
        expect(ruled).toBe(free);
      }
    });

    test('has its calls in order and under their numbers', () => {
      const calls = ['Read', 'Glob', 'Bash'].map((name) => ({ name, pieces: ['{"a":', `"${name}"}`] }));
      const got = pushed(laneOf({ client, provider, rules, counter }), [
        streamed(provider, answerWith(calls)),
      ]);
      const read = eventsOf(client, got);
      const begun = read.flatMap((event) =>
        event.type === 'partStart' && event.part.kind === 'toolCall' ? [event.part.name] : [],
      );
      expect(begun).toEqual(['Read', 'Glob', 'Bash']);
      expect(read.at(-1)).toEqual({ type: 'finish', reason: 'tool' });
    });
  },
);
