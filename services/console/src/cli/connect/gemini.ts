// https://geminicli.com/docs/reference/configuration; seen with Gemini CLI 0.61.0.

import { join } from 'node:path';
import type { Client, Connection } from './client-setup.ts';
import { isLocal } from './connection.ts';
import { setEnvironmentLines } from './edit-environment-file.ts';
import { type JsonObject, mergeJson } from './merge-json.ts';

/** Without this the address in the environment picks a way to sign in that headless runs refuse. */
const GEMINI_SETTINGS: JsonObject = { security: { auth: { selectedType: 'gemini-api-key' } } };

export const gemini: Client = {
  name: 'gemini',
  title: 'Gemini CLI',
  setup(connection, { home }) {
    const folder = join(home, '.gemini');
    const environment = geminiEnvironment(connection);
    const { url } = connection;
    const isRefused = !isLocal(url) && !url.startsWith('https:');
    return {
      files: [
        { path: join(folder, 'settings.json'), edit: (text) => mergeJson(text, GEMINI_SETTINGS) },
        { path: join(folder, '.env'), edit: (text) => setEnvironmentLines(text, environment) },
      ],
      environment,
      notes: [
        'Gemini CLI reads ~/.gemini/.env only in a folder that you trust (without a terminal: --skip-trust), and not where the folder has a .env of its own. Give these lines to the shell there.',
        ...(isRefused ? [`Gemini CLI takes an address on another machine only with https, not ${url}.`] : []),
      ],
    };
  },
};

export function geminiEnvironment({ url, key, model }: Connection): Record<string, string> {
  return { GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: key, GEMINI_MODEL: model };
}
