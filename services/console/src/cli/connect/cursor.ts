// https://cursor.com/docs/settings/api-keys. Requests come from Cursor's own servers, and it guesses the form of a
// request from the model's name.

import type { Client } from './client-setup.ts';
import { isLocal } from './connection.ts';

const NAMES_WITH_A_FORM = /gpt|claude|gemini|^o[0-9]/i;

export const cursor: Client = {
  name: 'cursor',
  title: 'Cursor',
  setup({ url, key, model }) {
    const isReachable = url.startsWith('https:') && !isLocal(url);
    return {
      files: [],
      text: `Cursor Settings > Models > API Keys
  OpenAI API Key             ${key}
  Override OpenAI Base URL   ${url}/cursor/v1      (switch it on)
Cursor Settings > Models > Add model
  ${model}
then Verify.`,
      notes: [
        ...(isReachable
          ? []
          : [
              `Cursor asks from its own servers: ${url} must be reached from there, by https. Put a tunnel or a proxy with a certificate before it and give its address with --url.`,
            ]),
        ...(NAMES_WITH_A_FORM.test(model)
          ? [
              `Cursor changes the form of its requests for names like ${model}: make an alias with a neutral name, such as \`npm run cli -- aliases set work --to <provider>/<model>\`, and add that.`,
            ]
          : []),
        'The address holds for every model that uses the OpenAI key; Tab completions stay at Cursor.',
      ],
    };
  },
};
