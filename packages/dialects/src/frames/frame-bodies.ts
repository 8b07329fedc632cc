import { parseJson } from '../json/narrow.ts';
import type { JsonValue } from '../json/value.ts';

/**
 * What a frame holds: one body, or more where the blank line between a chunk and an error below it is missing; Google's
 * errors run over several lines. Undefined stands for what is no JSON.
 */
export function bodiesIn(data: string): readonly (JsonValue | undefined)[] {
  const whole = parseJson(data);
  const cut = data.indexOf('\n');
  if (whole !== undefined || cut === -1) return [whole];
  const below = parseJson(data.slice(cut + 1));
  if (below !== undefined) return [parseJson(data.slice(0, cut)), below];
  return data
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseJson);
}
