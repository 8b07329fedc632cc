// https://code.claude.com/docs/en/headless, https://code.claude.com/docs/en/settings; seen with Claude Code 2.1.330.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../client.ts';
import { CLAUDE_CODE } from '../releases.ts';

export const claudeCode: Client = {
  name: 'claude-code',
  title: 'Claude Code',
  release: CLAUDE_CODE,
  connection: 'claude-code',
  model: 'claude-opus-5-5',
  shortUpstreams: ['responses', 'gemini'],
  tools: {
    read: (path) => ({ name: 'Read', input: { file_path: path } }),
    edit: (path, before, after) => ({
      name: 'Edit',
      input: { file_path: path, old_string: before, new_string: after },
    }),
    run: (command) => ({ name: 'Bash', input: { command, description: 'look' } }),
  },
  async command({ prompt, image, model, args = [], environment }, { program, project }) {
    const input = image === undefined ? undefined : await message(prompt, join(project, image));
    const asked = input === undefined ? ['-p', prompt] : ['-p', '--input-format', 'stream-json'];
    return {
      file: program,
      args: [
        ...asked,
        // Everything as it happens; the answer is in the last line.
        '--output-format',
        'stream-json',
        '--verbose',
        '--dangerously-skip-permissions',
        ...(model === undefined ? [] : ['--model', model]),
        ...args,
      ],
      input,
      environment: {
        // Root may skip the permissions only so.
        IS_SANDBOX: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        ...environment,
      },
    };
  },
  answerOf: ({ stdout }) => {
    const last = stdout.trimEnd().split('\n').at(-1) ?? '';
    const { result } = (last.startsWith('{') ? JSON.parse(last) : {}) as { readonly result?: string };
    return result ?? stdout;
  },
};

/** A line of its stream-json input. */
async function message(prompt: string, imagePath: string): Promise<string> {
  const data = (await readFile(imagePath)).toString('base64');
  const content = [
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
    { type: 'text', text: prompt },
  ];
  return `${JSON.stringify({ type: 'user', message: { role: 'user', content } })}\n`;
}
