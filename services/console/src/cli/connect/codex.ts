// https://developers.openai.com/codex/config-reference; seen with Codex CLI 0.169.0.

import { join } from 'node:path';
import type { Client, Connection } from './client-setup.ts';
import { setTomlTable, setTomlTopLevel } from './edit-toml.ts';

const PROVIDER = 'ai-switch';

export const codex: Client = {
  name: 'codex',
  title: 'Codex CLI',
  setup(connection, { home, codexFolder }) {
    return {
      files: [
        {
          path: join(codexFolder ?? join(home, '.codex'), 'config.toml'),
          edit: (text) => codexConfiguration(text, connection),
        },
      ],
      notes: [
        `Codex picks its tools by the model's name: one of OpenAI's own names brings tools that other models know badly.`,
      ],
    };
  },
};

/**
 * A provider of its own: the built-in one would try a WebSocket first, and let the server compact.
 *
 * @param credential where Codex finds the key
 */
export function codexConfiguration(
  text: string,
  { url, key, model }: Connection,
  credential: Readonly<Record<string, string>> = { experimental_bearer_token: key },
): string {
  const edited = setTomlTopLevel(text, { model, model_provider: PROVIDER });
  return setTomlTable(edited, {
    path: ['model_providers', PROVIDER],
    values: {
      name: 'AI-Switch',
      base_url: `${url}/v1`,
      wire_api: 'responses',
      ...credential,
    },
    // Other ways to say the same, of which Codex takes one.
    contradictions: ['env_key', 'auth', 'requires_openai_auth'],
  });
}
