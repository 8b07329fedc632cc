// https://github.com/openai/openai-python, https://github.com/openai/openai-node: both read these variables.

import type { Client } from './client-setup.ts';

export const openaiSdk: Client = {
  name: 'openai-sdk',
  title: 'OpenAI SDK',
  setup(connection) {
    const { url, key, model } = connection;
    return {
      files: [],
      environment: { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: key },
      text: `${openaiSdkLines(url, JSON.stringify(key), JSON.stringify(key))}
model: ${model}`,
      notes: [],
    };
  },
};

/** @param pythonKey, nodeKey expressions that hold the key */
export function openaiSdkLines(url: string, pythonKey: string, nodeKey: string): string {
  return `Python  OpenAI(base_url="${url}/v1", api_key=${pythonKey})
Node    new OpenAI({ baseURL: "${url}/v1", apiKey: ${nodeKey} })`;
}
