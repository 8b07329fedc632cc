import type { Behaviour } from '../behaviour.ts';
import { succeeds } from './answers.ts';

/** Claude Code counts what makes up its prompt, all at once; Gemini CLI counts a prompt with a picture before it sends it. */
export const countTokens: Behaviour = {
  name: 'count-tokens',
  title: 'count_tokens',
  clients: ['claude-code', 'gemini-cli'],
  hasLog: true,
  task: ({ client }) =>
    client.name === 'claude-code'
      ? { prompt: '/context' }
      : { prompt: 'Look at this picture.', image: 'picture.png' },
  play: () => ({ text: ['I looked.'] }),
  expectations: [
    succeeds,
    {
      says: 'the client shows what was counted',
      holds: ({ client, answer }) =>
        client.name === 'gemini-cli' || /System tools \| [\d.]+k/.test(answer) || answer.slice(0, 300),
    },
    {
      says: 'the gateway counts, every time it is asked to',
      holds: ({ client, log }) => {
        const counted = log.filter(({ outcome }) => outcome === 'counted');
        const isEnough = counted.length >= (client.name === 'claude-code' ? 20 : 1);
        const isGood = log.every(({ httpStatus }) => httpStatus === 200);
        return (isEnough && isGood) || `it wrote down ${JSON.stringify(log).slice(0, 300)}`;
      },
    },
    {
      says: 'who can count is asked for it',
      holds: ({ upstream, counts }) => {
        const canCount = upstream.name === 'messages' || upstream.name === 'gemini';
        return counts.length > 0 === canCount || `${counts.length} counts reach the provider`;
      },
    },
    {
      says: 'counting asks no model',
      holds: ({ client, main }) => main.length === (client.name === 'claude-code' ? 0 : 1),
    },
  ],
};
