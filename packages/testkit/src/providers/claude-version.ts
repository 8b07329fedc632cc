/** `claude-opus-5-5`, `claude-3-5-sonnet-20241022`; 0 for other models that speak this dialect. */
export function claudeVersion(model: string): number {
  const match = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model.toLowerCase());
  return match === null ? 0 : Number(`${match[1]}.${match[2] ?? 0}`);
}

export function isNewClaude(model: string, since: number): boolean {
  return claudeVersion(model) >= since;
}
