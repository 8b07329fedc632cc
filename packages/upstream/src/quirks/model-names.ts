// What the name of a model tells of it. Providers put namespaces and regions before a name: `openai/gpt-5.5`,
// `global.anthropic.claude-opus-5-5-v1:0`.

export function bareName(model: string): string {
  return model.toLowerCase().slice(model.lastIndexOf('/') + 1);
}

/** OpenAI's models that reason before they answer; the open-weight gpt-oss is served by others. */
export function isOpenAiReasoning(model: string): boolean {
  const name = bareName(model);
  if (/^(?:o\d|codex-)/.test(name)) return true;
  const generation = Number(/^gpt-(\d+)/.exec(name)?.[1] ?? 0);
  return generation >= 5 && !name.includes('-chat');
}

/** `claude-opus-4-8`, `claude-sonnet-5-20270101`, `claude-3-5-sonnet-…` as a number; 0 for other names. */
export function claudeVersion(model: string): number {
  const match = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model.toLowerCase());
  return match === null ? 0 : Number(`${match[1]}.${match[2] ?? 0}`);
}

/** `glm-4.7` as 4.7; 0 for other names. */
export function glmVersion(model: string): number {
  return Number(/^glm-(\d+(?:\.\d+)?)/.exec(bareName(model))?.[1] ?? 0);
}
