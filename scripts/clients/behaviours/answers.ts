import type { Behaviour, Expectation } from '../behaviour.ts';
import { isThePicture } from '../picture.ts';

/** Letters of several bytes, cut between them on their way. */
const GREETING = ['Grüße aus ', '世', '界 \u{1f680}', ', said once.'];
const WHOLE_GREETING = GREETING.join('');

export const succeeds: Expectation = {
  says: 'the client is content',
  holds: ({ ended }) => ended.exitCode === 0 || `it ends with ${ended.exitCode}`,
};

export function says(text: string): Expectation {
  return {
    says: `the client shows "${text}"`,
    holds: ({ answer }) => answer.includes(text) || `it shows "${answer.trim().slice(-200)}"`,
  };
}

export function asks(times: number): Expectation {
  return {
    says: `the model is asked ${times === 1 ? 'once' : `${times} times`}`,
    holds: ({ main }) => main.length === times || `it is asked ${main.length} times`,
  };
}

export const text: Behaviour = {
  name: 'text',
  title: 'plain text',
  task: () => ({ prompt: 'Say hello to the world, please.' }),
  play: () => ({ text: GREETING }),
  expectations: [
    succeeds,
    says(WHOLE_GREETING),
    asks(1),
    {
      says: 'the prompt reaches the model',
      holds: ({ main }) => main[0]?.text.includes('Say hello to the world') === true,
    },
    {
      says: 'the answer is shown once',
      holds: ({ answer }) => answer.split(WHOLE_GREETING).length === 2,
    },
  ],
};

export const thinking: Behaviour = {
  name: 'thinking',
  title: 'thinking',
  task: () => ({ prompt: 'Look into left.txt and tell me what is there.' }),
  play: ({ rounds }, { client, file }) =>
    rounds === 0
      ? { thinking: THOUGHT, calls: [client.tools.read(file('left.txt'))] }
      : { thinking: ['Now I know.'], text: ['It says alpha.'] },
  expectations: [
    succeeds,
    says('It says alpha.'),
    asks(2),
    {
      says: 'the thought is no part of the answer',
      holds: ({ answer }) => !answer.includes('SECRET'),
    },
    {
      says: 'the thought comes back to the model that had it',
      // Where it is hidden, the provider refuses any other than its own.
      holds: ({ main, upstream }) => {
        const [thought = ''] = main[1]?.reasoning ?? [];
        return upstream.name === 'chat' ? thought === THOUGHT.join('') || thought : thought !== '';
      },
    },
  ],
};

const THOUGHT = ['The user wants the file. ', 'SECRET: I read it first.'];

export const image: Behaviour = {
  name: 'image',
  title: 'image',
  task: () => ({ prompt: 'What is in this picture?', image: 'picture.png' }),
  play: () => ({ text: ['Stripes in red and blue.'] }),
  expectations: [succeeds, says('Stripes in red and blue.'), sees(1)],
};

/** The model has the picture of the project before it, in its request of this number. */
export function sees(request: number): Expectation {
  return {
    says: 'the picture reaches the model',
    holds: ({ main }) => {
      const images = main[request - 1]?.images ?? [];
      return images.some(isThePicture) || `${images.length} pictures do, and not this one`;
    },
  };
}
