// https://ai.google.dev/api/generate-content: the model and the wish for a stream stand in the path.

/** Put after a base URL that ends in a version, `/v1beta`. Without `alt=sse` a stream would be one long JSON list. */
export function path(model: string, isStreaming: boolean): string {
  const [, collection = 'models', name = model] = /^(models|tunedModels)\/(.+)$/.exec(model) ?? [];
  const method = isStreaming ? 'streamGenerateContent?alt=sse' : 'generateContent';
  return `/${collection}/${encodeURIComponent(name)}:${method}`;
}
