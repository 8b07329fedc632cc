// What a Gemini model takes is told by its name. A name without a version, like `gemini-flash-latest`, is of the newest
// models, asked in the ways that older ones know too.

import { bareName } from '../model/model-name.ts';

/** Models before 2.5 know only OpenAPI's subset, as `parameters` and `responseSchema`. */
export function isJsonSchemaTaken(model: string): boolean {
  return versionOf(model) >= 2.5;
}

/** "Thinking is not enabled for this model" before 2.5, in models that make images, and in those of other names. */
export function isThinking(model: string): boolean {
  return isGemini(model) && versionOf(model) >= 2.5 && !bareName(model).includes('2.5-flash-image');
}

/** "Thinking level is not supported for this model" before 3. */
export function isLevelTaken(model: string): boolean {
  return isGemini(model) && versionOf(model) >= 3 && versionOf(model) < NEWEST;
}

/** The same of models whose version is known. */
export function isLevelRefused(model: string): boolean {
  return versionOf(model) < 3;
}

/**
 * From 3 on: "Function call is missing a thought_signature in functionCall parts. This is required for tools to work
 * correctly". https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export function isSignatureWanted(model: string): boolean {
  return isGemini(model) && versionOf(model) >= 3;
}

/** From 3 on a function's response may have images in its own parts. */
export function isMediaInResultTaken(model: string): boolean {
  return isGemini(model) && versionOf(model) >= 3 && versionOf(model) < NEWEST;
}

/** Before 3: "Function calling with a response mime type: 'application/json' is unsupported". */
export function isOutputBesideToolsTaken(model: string): boolean {
  return versionOf(model) >= 3;
}

export interface BudgetRange {
  /** The least that the model thinks when it thinks at all. */
  readonly min: number;
  readonly max: number;
  /** True when 0 switches thinking off. */
  readonly canBeOff: boolean;
}

/** https://ai.google.dev/gemini-api/docs/thinking#set-budget */
export function budgetRangeOf(model: string): BudgetRange {
  const name = bareName(model);
  if (name.includes('flash-lite')) return { min: 512, max: 24_576, canBeOff: true };
  if (name.includes('flash')) return { min: 1, max: 24_576, canBeOff: true };
  return { min: 128, max: 32_768, canBeOff: false };
}

/** https://ai.google.dev/gemini-api/docs/thinking#thinking-levels */
export function levelsOf(model: string): readonly string[] {
  const name = bareName(model);
  if (name.includes('flash')) return ['MINIMAL', 'LOW', 'MEDIUM', 'HIGH'];
  return name.startsWith('gemini-3-pro') ? ['LOW', 'HIGH'] : ['LOW', 'MEDIUM', 'HIGH'];
}

const NEWEST = Number.POSITIVE_INFINITY;

function isGemini(model: string): boolean {
  return bareName(model).startsWith('gemini');
}

function versionOf(model: string): number {
  const version = /^gemini-(\d+(?:\.\d+)?)/.exec(bareName(model))?.[1];
  return version === undefined ? NEWEST : Number(version);
}
