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

/**
 * OpenCode takes a model that it does not know for one that reads text only, and leaves pictures and thoughts out before
 * they are sent. What a model really cannot do the gateway takes out, and says so.
 */
const ABLE: JsonObject = {
  attachment: true,
  reasoning: true,
  tool_call: true,
  modalities: { input: ['text', 'image', 'pdf'], output: ['text'] },
};

export function opencodeConfiguration({ url, key, model, smallModel }: Connection): JsonObject {
  return {
    provider: {
      [PROVIDER]: {
        npm: '@ai-sdk/openai-compatible',
        name: 'AI-Switch',
        options: { baseURL: `${url}/v1`, apiKey: key },
        models: { [model]: ABLE, [smallModel]: ABLE },
      },
    },
    model: `${PROVIDER}/${model}`,
    small_model: `${PROVIDER}/${smallModel}`,
  };
}
