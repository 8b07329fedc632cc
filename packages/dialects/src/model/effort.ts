/** How hard a model is to think, in the words of those who do not count it in tokens. */
export function effortOfBudget(tokens: number): 'low' | 'medium' | 'high' {
  if (tokens < 2_000) return 'low';
  return tokens < 10_000 ? 'medium' : 'high';
}
