import { isSealOf, seal } from './seals.ts';

/** Bound to the model: another one answers that it is corrupted. */
export function thoughtSignature(model: string): string {
  return seal('gemini', bareName(model));
}

export function isThoughtSignature(value: unknown, model: string): boolean {
  return isSealOf(value, 'gemini', bareName(model)) || SENTINELS.has(value);
}

/** Published stand-ins for a signature that is gone: https://ai.google.dev/gemini-api/docs/thought-signatures#faqs */
const SENTINELS: ReadonlySet<unknown> = new Set([
  'skip_thought_signature_validator',
  'context_engineering_is_the_way_to_go',
]);

/** Models from 3 on want their signatures back. */
export function isGemini3(model: string): boolean {
  return /^gemini-[3-9]/.test(bareName(model));
}

function bareName(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1);
}
