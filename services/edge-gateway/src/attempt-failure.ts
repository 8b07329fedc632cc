import type { Dialect, ProviderError, Usage } from '@ai-switch/dialects';
import { Fault } from '@ai-switch/kernel';
import { retryAfterMs, type UpstreamFailure, type UpstreamReply } from '@ai-switch/upstream';
import type { EdgeParts } from './edge-parts.ts';
import { isPassingStatus } from './retry-rules.ts';

/** One attempt that delivered nothing to the client: what it would be told, and whether another may do better. */
export class AttemptFailure extends Error {
  override readonly name = 'AttemptFailure';
  readonly fault: Fault;
  readonly isPassing: boolean;
  /** What the provider says that it used all the same; undefined when it did not say. */
  readonly usage: Usage | undefined;

  constructor(fault: Fault, isPassing: boolean, usage?: Usage) {
    super(fault.message, { cause: fault.cause });
    this.fault = fault;
    this.isPassing = isPassing;
    this.usage = usage;
  }
}

/** A provider that refused by a status. Reads the body, within bounds. */
export async function failureOfStatus(
  edge: EdgeParts,
  dialect: Dialect,
  reply: UpstreamReply,
): Promise<AttemptFailure> {
  const { status, headers } = reply;
  const text = await reply.body.bytes(edge.settings.errorBytesMax).then(String, () => '');
  const said = dialect.readError(status, text);
  const waitMs = retryAfterMs(headers, edge.clock.nowMs()) ?? said.retryAfterMs;
  const isPassing = isPassingStatus(status) && headers['x-should-retry'] !== 'false';
  return new AttemptFailure(providerFault(said, waitMs), isPassing);
}

/** A call that broke before anything reached the client. */
export function failureOfCall(failure: UpstreamFailure): AttemptFailure {
  switch (failure.reason) {
    case 'connect':
      return new AttemptFailure(
        new Fault('upstream', 'The provider could not be reached.', { cause: failure }),
        true,
      );
    case 'timeout':
      return new AttemptFailure(
        new Fault('deadline', 'The provider did not answer in time.', { cause: failure }),
        false,
      );
    case 'tooLarge':
      return new AttemptFailure(
        new Fault('upstream', 'The provider sent a longer reply than is accepted.', { cause: failure }),
        false,
      );
    default:
      return new AttemptFailure(
        new Fault('upstream', 'The connection to the provider was lost.', { cause: failure }),
        true,
      );
  }
}

/**
 * What the client is told when a provider says this. What concerns our own account with it, its 401 above all, the
 * dialect has already made an `upstream` error without the provider's words.
 */
export function providerFault(said: ProviderError, waitMs = said.retryAfterMs): Fault {
  const { code, message, capability } = said;
  return new Fault(code, withoutIdentity(message), {
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(capability === undefined ? {} : { details: { capability } }),
  });
}

const MESSAGE_CHARACTERS_MAX = 2_000;

/** Keys, accounts and addresses out of a provider's own words. */
function withoutIdentity(message: string): string {
  return message
    .slice(0, MESSAGE_CHARACTERS_MAX)
    .replace(/\bhttps?:\/\/\S+/gi, '[address]')
    .replace(/\[[\da-f:.]*:[\da-f:.]*\](?::\d+)?|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/gi, '[address]')
    .replace(/\b(sk|org|proj|acct|key|user|req)[-_][\w*.-]{6,}/gi, '[hidden]');
}
