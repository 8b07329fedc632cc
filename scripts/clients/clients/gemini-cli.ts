// https://geminicli.com/docs/cli/headless; seen with Gemini CLI 0.61.0.

import type { Client } from '../client.ts';
import { GEMINI_CLI } from '../releases.ts';

export const geminiCli: Client = {
  name: 'gemini-cli',
  title: 'Gemini CLI',
  release: GEMINI_CLI,
  connection: 'gemini',
  model: 'gemini-2.5-pro',
  shortUpstreams: ['chat', 'responses'],
  tools: {
    read: (path) => ({ name: 'read_file', input: { file_path: path } }),
    edit: (path, before, after) => ({
      name: 'replace',
      input: { file_path: path, instruction: 'change it', old_string: before, new_string: after },
    }),
    run: (command) => ({ name: 'run_shell_command', input: { command, description: 'look' } }),
  },
  async command({ prompt, image, model, args = [], environment }, { program }) {
    return {
      file: process.execPath,
      args: [
        program,
        ...(model === undefined ? [] : ['-m', model]),
        '--approval-mode',
        'yolo',
        '--output-format',
        'json',
        ...args,
        '-p',
        image === undefined ? prompt : `${prompt} @${image}`,
      ],
      environment: { GEMINI_CLI_TRUST_WORKSPACE: 'true', ...environment },
    };
  },
  answerOf: ({ stdout }) => {
    const { response } = (stdout.startsWith('{') ? JSON.parse(stdout) : {}) as { readonly response?: string };
    return response ?? stdout;
  },
};
