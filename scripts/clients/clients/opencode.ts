// https://opencode.ai/docs/cli, https://opencode.ai/docs/providers; seen with OpenCode 1.18.33. It speaks each of the four
// dialects, through adapters that it brings along; `connect` sets up the one for Chat Completions.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, Place } from '../client.ts';
import { OPENCODE } from '../releases.ts';

const PROVIDER = 'ai-switch';
const MODEL = 'glm-5';

interface Adapter {
  readonly name: string;
  readonly title: string;
  readonly npm: string;
  readonly version: '/v1' | '/v1beta';
}

const ADAPTERS: readonly Adapter[] = [
  { name: 'opencode-openai', title: 'OpenCode, @ai-sdk/openai', npm: '@ai-sdk/openai', version: '/v1' },
  {
    name: 'opencode-anthropic',
    title: 'OpenCode, @ai-sdk/anthropic',
    npm: '@ai-sdk/anthropic',
    version: '/v1',
  },
  { name: 'opencode-google', title: 'OpenCode, @ai-sdk/google', npm: '@ai-sdk/google', version: '/v1beta' },
];

const opencode: Client = {
  name: 'opencode',
  title: 'OpenCode',
  release: OPENCODE,
  connection: 'opencode',
  model: MODEL,
  shortUpstreams: ['messages', 'gemini'],
  tools: {
    read: (path) => ({ name: 'read', input: { filePath: path } }),
    edit: (path, before, after) => ({
      name: 'edit',
      input: { filePath: path, oldString: before, newString: after },
    }),
    run: (command) => ({ name: 'bash', input: { command } }),
  },
  async command({ prompt, image, model, args = [], environment }, { program }) {
    return {
      file: program,
      args: [
        'run',
        ...(model === undefined ? [] : ['-m', `${PROVIDER}/${model}`]),
        ...args,
        prompt,
        ...(image === undefined ? [] : ['-f', image]),
      ],
      environment: {
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_SHARE: '1',
        ...environment,
      },
    };
  },
  answerOf: ({ stdout }) => stdout,
};

export const opencodes: readonly Client[] = [
  opencode,
  ...ADAPTERS.map((adapter): Client => {
    return {
      ...opencode,
      name: adapter.name,
      title: adapter.title,
      connection: undefined,
      shortUpstreams: undefined,
      async command(task, place) {
        await writeConfiguration(adapter, place);
        return await opencode.command(task, place);
      },
    };
  }),
];

async function writeConfiguration({ npm, version }: Adapter, place: Place): Promise<void> {
  const { home, gatewayUrl, gatewayKey } = place;
  const folder = join(home, '.config/opencode');
  const options = { baseURL: `${gatewayUrl}${version}`, apiKey: gatewayKey };
  // Pictures go only to models that are said to take them. Thoughts have to come back though this one is not said to have any.
  const abilities = { attachment: true, modalities: { input: ['text', 'image'], output: ['text'] } };
  const provider = { npm, options, models: { [MODEL]: abilities } };
  const model = `${PROVIDER}/${MODEL}`;
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'opencode.json'),
    JSON.stringify({ provider: { [PROVIDER]: provider }, model, small_model: model }),
  );
}
