import type { Behaviour } from '../behaviour.ts';
import { asks, says, succeeds } from './answers.ts';

/** Reads a file, changes it, looks whether it is changed, and says so. */
export const tools: Behaviour = {
  name: 'tools',
  title: 'tools, several steps',
  task: () => ({ prompt: 'Make the colour in notes.txt blue, and check it.' }),
  play: ({ rounds }, { client, file }) => {
    const { read, edit, run } = client.tools;
    const path = file('notes.txt');
    switch (rounds) {
      case 0:
        return { text: ['I look at it.'], calls: [read(path)] };
      case 1:
        return { calls: [edit(path, 'colour: red', 'colour: blue')] };
      case 2:
        return { calls: [run(`cat '${path}'`)] };
      default:
        return { text: ['Done: the colour is ', 'blue.'] };
    }
  },
  expectations: [
    succeeds,
    says('Done: the colour is blue.'),
    asks(4),
    {
      says: 'the file is changed',
      holds: ({ text }) =>
        text('notes.txt') === 'colour: blue\nsize: 7\n' || `it holds "${text('notes.txt')}"`,
    },
    {
      says: 'what was read comes back',
      holds: ({ main }) => main[1]?.toolResults[0]?.includes('colour: red') === true,
    },
    {
      says: 'what the command printed comes back',
      holds: ({ main }) => main[3]?.toolResults[2]?.includes('colour: blue') === true,
    },
  ],
};

export const parallelTools: Behaviour = {
  name: 'parallel-tools',
  title: 'parallel tools',
  task: () => ({ prompt: 'What do left.txt and right.txt say?' }),
  play: ({ rounds }, { client, file }) =>
    rounds === 0
      ? { calls: [client.tools.read(file('left.txt')), client.tools.read(file('right.txt'))] }
      : { text: ['Alpha on the left, omega on the right.'] },
  expectations: [
    succeeds,
    says('Alpha on the left, omega on the right.'),
    asks(2),
    {
      says: 'both results come back, in the order of the calls',
      holds: ({ main }) => {
        const [left = '', right = '', ...others] = main[1]?.toolResults ?? [];
        return (
          (left.includes('alpha') && right.includes('omega') && others.length === 0) || `${left}, ${right}`
        );
      },
    },
  ],
};
