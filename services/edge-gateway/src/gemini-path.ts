/** What stands in the path of a call of Gemini's: `/v1beta/models/{model}:{method}`. */
export interface GeminiCall {
  readonly model: string;
  /** `generateContent`, `countTokens`, … */
  readonly method: string;
}

// Google's SDK asks under /v1 from its third version on, older ones under /v1beta. A name may hold what a path may not,
// percent-encoded, and even a colon: the method stands behind the last one.
const PATH = /^\/v1(?:beta)?\/(?:publishers\/google\/)?(?:(?:models|tunedModels)\/)(.+):([A-Za-z]+)$/;

/** Undefined for the path of anything else. */
export function readGeminiPath(path: string): GeminiCall | undefined {
  if (!path.startsWith('/v1') || !path.includes(':')) return undefined;
  const [, model, method] = PATH.exec(path) ?? [];
  if (model === undefined || method === undefined) return undefined;
  try {
    return { model: decodeURIComponent(model), method };
  } catch {
    return undefined;
  }
}
