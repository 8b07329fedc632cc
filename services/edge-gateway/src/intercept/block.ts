import type { Hit, Surface } from '@ai-switch/interception';
import { Fault } from '@ai-switch/kernel';
import type { Exchange } from '../exchange.ts';

/**
 * What the client is told. `policy` makes every dialect write it as a refusal by a rule, which clients show and do not ask
 * again after; the request id leads to the audit event.
 */
export function blockedBy(
  { requestId }: Exchange,
  { message, ruleId, ruleSetId }: Hit,
  surface: Surface,
): Fault {
  const said = message.trim() === '' ? SENTENCES[surface] : message.trim();
  return new Fault('forbidden', `${said} (rule ${ruleId}, request ${requestId})`, {
    details: { policy: ruleId, ruleSetId, surface },
  });
}

/** What no rule hit, and none could be asked about whole. */
export function uninspected({ requestId }: Exchange, surface: Surface, why: 'time' | 'size' | 'form'): Fault {
  return new Fault('forbidden', `${UNINSPECTED[why]} (request ${requestId})`, {
    details: { policy: 'uninspected', surface },
  });
}

/** What was inspected so far is remembered: the same request gets further when it comes again. */
export function unfinished(): Fault {
  return new Fault(
    'unavailable',
    "This is so long that checking it against your organisation's rules takes more than one go. Please send it again.",
    { retryAfterMs: 1_000 },
  );
}

const SENTENCES: Readonly<Record<Surface, string>> = {
  prompt: 'A rule of your organisation does not allow what this request says.',
  toolCall: 'A rule of your organisation does not allow this tool call, so it was not run.',
  toolResult: 'A rule of your organisation does not allow what this tool result says.',
};

const UNINSPECTED = {
  time: "This could not be checked against your organisation's rules in time. Please send less at once.",
  size: "A tool call was too long to be checked against your organisation's rules, so it was not run.",
  form: "Tokens cannot be checked against your organisation's rules. Please send text.",
} as const;
