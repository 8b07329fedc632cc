import type { ScriptedProvider } from '@ai-switch/testkit';
import { expect } from 'vitest';
import type { Gateway } from './gateway.ts';

/** What the provider was sent last. */
export function seenBody({ requests }: ScriptedProvider): string {
  return requests.at(-1)?.body.toString() ?? '';
}

/** The provider was told, nothing is held any more, and what was delivered is charged. */
export async function expectSettled(gateway: Gateway, usedBefore: number): Promise<void> {
  await expect.poll(() => gateway.provider.requests.at(-1)?.abortedAtMs).toBeTypeOf('number');
  await expect.poll(async () => (await gateway.outputTokens()).held).toBe(0);
  expect((await gateway.outputTokens()).used).toBeGreaterThan(usedBefore);
}
