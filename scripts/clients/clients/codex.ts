// https://developers.openai.com/codex/noninteractive; seen with Codex CLI 0.169.0.

import type { Client } from '../client.ts';
import { CODEX } from '../releases.ts';

export const codex: Client = {
  name: 'codex',
  title: 'Codex CLI',
  release: CODEX,
  connection: 'codex',
  // One of OpenAI's names: it brings a tool with a grammar and a search for tools.
  model: 'gpt-5.5',
  shortUpstreams: ['chat', 'messages'],
  tools: {
    read: (path) => ({ name: 'exec_command', input: { cmd: `cat '${path}'` } }),
    edit: (path, before, after) => ({
      name: 'apply_patch',
      input: `*** Begin Patch\n*** Update File: ${path}\n@@\n-${before}\n+${after}\n*** End Patch\n`,
    }),
    run: (command) => ({ name: 'exec_command', input: { cmd: command } }),
  },
  async command({ prompt, image, model, args = [], environment = {} }, { program }) {
    return {
      file: program,
      args: [
        'exec',
        '--skip-git-repo-check',
        '--dangerously-bypass-approvals-and-sandbox',
        ...(model === undefined ? [] : ['-m', model]),
        ...(image === undefined ? [] : ['-i', image]),
        ...args,
        '--',
        prompt,
      ],
      environment,
    };
  },
  answerOf: ({ stdout }) => stdout,
};
