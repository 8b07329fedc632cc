import { path } from './path.ts';

/** Where a provider takes another method than generateContent, put after its base URL. */
export function methodPath(model: string, method: string): string {
  return path(model, false).replace(/generateContent$/, method);
}

/** A model's whole name, as it stands in bodies. */
export function resourceName(model: string): string {
  return /^(?:models|tunedModels)\//.test(model) ? model : `models/${model}`;
}
