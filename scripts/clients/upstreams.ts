import type { ScriptedDialect } from '@ai-switch/testkit';

/** A provider as an admin sets it up, of one dialect. */
export interface Upstream {
  readonly name: string;
  readonly title: string;
  readonly kind: string;
  readonly dialect: ScriptedDialect;
  /** What the provider calls its model. The names are of models that are strict about what they take. */
  readonly model: string;
  /** The last part of its base URL. */
  readonly version: '/v1' | '/v1beta';
}

export const UPSTREAMS: readonly Upstream[] = [
  {
    name: 'chat',
    title: 'OpenAI Chat',
    kind: 'deepseek',
    dialect: 'openai-chat',
    model: 'deepseek-v4-pro',
    version: '/v1',
  },
  {
    name: 'responses',
    title: 'OpenAI Responses',
    kind: 'openai',
    dialect: 'openai-responses',
    model: 'gpt-5.5',
    version: '/v1',
  },
  {
    name: 'messages',
    title: 'Anthropic Messages',
    kind: 'anthropic',
    dialect: 'anthropic-messages',
    model: 'claude-opus-5-5',
    version: '/v1',
  },
  {
    name: 'gemini',
    title: 'Gemini',
    kind: 'gemini',
    dialect: 'gemini',
    model: 'gemini-3.8-flash',
    version: '/v1beta',
  },
];

export function upstreamsNamed(...names: readonly string[]): readonly Upstream[] {
  return UPSTREAMS.filter(({ name }) => names.includes(name));
}
