// What the name of a model tells of it. Providers put namespaces and regions before a name: `openai/gpt-5.5`,
// `global.anthropic.claude-opus-5-5-v1:0`.

/** `models/gemini-3-pro` as `gemini-3-pro`, in lower case. */
export function bareName(model: string): string {
  return model.toLowerCase().slice(model.lastIndexOf('/') + 1);
}

/** `claude-opus-4-8`, `claude-sonnet-5-20270101`, `claude-3-5-sonnet-…` as a number; 0 for other names. */
export function claudeVersion(model: string): number {
  const match = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model.toLowerCase());
  return match === null ? 0 : Number(`${match[1]}.${match[2] ?? 0}`);
}
