// The README says what is there: each client that can be connected, and each kind of provider.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROVIDER_KINDS, type ProviderKind } from '@ai-switch/upstream';
import { expect, it } from 'vitest';
import { CLIENTS } from '../src/cli/connect/clients.ts';

const README = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
const LINES = README.split('\n');

it.each(CLIENTS.map(({ name }) => name))('the README has a row for the client %s', (name) => {
  expect(LINES).toContainEqual(expect.stringMatching(new RegExp(`^\\| .* \\| \`${name}\` \\|`)));
});

it.each(PROVIDER_KINDS)('the README has a row for the provider $kind', (kind) => {
  expect(LINES).toContain(rowOf(kind));
});

const DIALECT_TITLES: Readonly<Record<string, string>> = {
  'openai-chat': 'Chat',
  'openai-responses': 'Responses',
  'anthropic-messages': 'Messages',
  gemini: 'Gemini',
};

function rowOf({ kind, title, dialect, alsoSpeaks = [], ...row }: ProviderKind): string {
  const dialects = [dialect, ...alsoSpeaks].map((name) => DIALECT_TITLES[name]).join(', ');
  return `| \`${kind}\` | ${title} | ${dialects} | ${credentialOf(row)} |`;
}

function credentialOf({
  environmentKey,
  credentialForm,
  localPort,
  baseUrl,
}: Pick<ProviderKind, 'environmentKey' | 'credentialForm' | 'localPort' | 'baseUrl'>): string {
  if (localPort !== undefined) return `none; looked for on port ${localPort} at start`;
  const variable = environmentKey === undefined ? undefined : `\`${environmentKey}\``;
  const [placeholder] = /\{\w+\}/.exec(baseUrl) ?? [];
  const address = placeholder === undefined ? undefined : `the address is yours (\`--base-url\`)`;
  return [variable, credentialForm, address].filter((part) => part !== undefined).join('; ') || 'a key';
}
