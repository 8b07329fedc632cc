import type { TextPart } from './request.ts';

/** Claude Code's billing line differs from one conversation to the next and would spoil every prefix cache. */
export function isBillingHeader(part: TextPart, dropped: Set<string>): boolean {
  const isHeader = part.text.startsWith('x-anthropic-billing-header:');
  if (isHeader) dropped.add('system.x-anthropic-billing-header');
  return isHeader;
}
