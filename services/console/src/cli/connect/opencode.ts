// https://opencode.ai/docs/config, https://opencode.ai/docs/providers; seen with OpenCode 1.18.33.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, Connection } from './client-setup.ts';
import { type JsonObject, mergeJson } from './merge-json.ts';

const PROVIDER = 'ai-switch';

export const opencode: Client = {
  name: 'opencode',
  title: 'OpenCode',
  setup(connection, { home, xdgFolder }) {
    const folder = join(xdgFolder ?? join(home, '.config'), 'opencode');
    // It reads both and lets this one win.
    const withComments = join(folder, 'opencode.jsonc');
    return {
      files: [
        {
          path: existsSync(withComments) ? withComments : join(folder, 'opencode.json'),
          edit: (text) => mergeJson(text, opencodeConfiguration(connection)),
        },
      ],
      notes: ['An opencode.json in a project wins over this one.'],
    };
  },
};

export function opencodeConfiguration({ url, key, model, smallModel }: Connection): JsonObject {
  return {
    provider: {
      [PROVIDER]: {
        npm: '@ai-sdk/openai-compatible',
        name: 'AI-Switch',
        options: { baseURL: `${url}/v1`, apiKey: key },
        models: { [model]: {}, [smallModel]: {} },
      },
    },
    model: `${PROVIDER}/${model}`,
    small_model: `${PROVIDER}/${smallModel}`,
  };
}
