import type { TextPart } from './request.ts';

/** How a line begins that Claude Code puts into its system prompt. */
export const BILLING_HEADER = 'x-anthropic-billing-header:';

/** Claude Code's billing line differs from one conversation to the next and would spoil every prefix cache. */
export function isBillingHeader(part: TextPart, dropped: Set<string>): boolean {
  const isHeader = part.text.startsWith(BILLING_HEADER);
  if (isHeader) dropped.add('system.x-anthropic-billing-header');
  return isHeader;
}
