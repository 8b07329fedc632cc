import { stringOf } from '../json/narrow.ts';
import type { ForeignPart } from './request.ts';

/** The tool that a search of Anthropic's clients found; undefined for any other part. */
export function referredTool({ type, value }: ForeignPart): string | undefined {
  return type === 'tool_reference' ? stringOf(value.tool_name) : undefined;
}

/** What a dialect without such a part says of it: nothing else of a foreign form is worth a word. */
export function foreignWords(part: ForeignPart): string | undefined {
  const name = referredTool(part);
  return name === undefined ? undefined : `Tool ${name} loaded`;
}
