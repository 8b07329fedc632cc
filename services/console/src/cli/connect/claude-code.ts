// https://code.claude.com/docs/en/settings, https://code.claude.com/docs/en/llm-gateway; seen with Claude Code 2.1.330.

import { join } from 'node:path';
import type { Client, Connection } from './client-setup.ts';
import { mergeJson } from './merge-json.ts';

export const claudeCode: Client = {
  name: 'claude-code',
  title: 'Claude Code',
  setup(connection, { home, claudeFolder }) {
    const environment = claudeCodeEnvironment(connection);
    return {
      files: [
        {
          path: join(claudeFolder ?? join(home, '.claude'), 'settings.json'),
          edit: (text) => mergeJson(text, { env: environment }),
        },
      ],
      environment,
      notes: [
        'Claude Code takes a model that it does not know to hold 1m tokens; put CLAUDE_CODE_MAX_CONTEXT_TOKENS beside these to tell it otherwise.',
      ],
    };
  },
};

/** Every model that it asks for by itself is named, for it has names of Anthropic's for them otherwise. */
export function claudeCodeEnvironment({ url, key, model, smallModel }: Connection): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_AUTH_TOKEN: key,
    ANTHROPIC_MODEL: model,
    ANTHROPIC_SMALL_FAST_MODEL: smallModel,
    ANTHROPIC_DEFAULT_OPUS_MODEL: model,
    ANTHROPIC_DEFAULT_SONNET_MODEL: model,
    ANTHROPIC_DEFAULT_HAIKU_MODEL: smallModel,
    // Tells the gateway which requests belong together and what each is for.
    CLAUDE_CODE_GATEWAY_HINT_HEADERS: '1',
  };
}
