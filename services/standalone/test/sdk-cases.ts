// What the official SDKs get from a gateway, whatever edition it is.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALIAS_NAMES, type AliasName, type Gateway } from './gateway.ts';
import { anthropicDriver } from './sdk/anthropic.ts';
import { describeAuxiliary } from './sdk/auxiliary-cases.ts';
import { describeConversations } from './sdk/conversation-cases.ts';
import type { GatewayAddress, SdkDriver } from './sdk/driver.ts';
import { describeErrors } from './sdk/error-cases.ts';
import { genaiDriver } from './sdk/genai.ts';
import { openaiChatDriver } from './sdk/openai-chat.ts';
import { openaiResponsesDriver } from './sdk/openai-responses.ts';
import { describeStatuses } from './sdk/status-cases.ts';
import { describeLostReasoning, describeSwitches } from './sdk/switch-cases.ts';
import { vercelDrivers } from './sdk/vercel.ts';
import { describeWire } from './sdk/wire-cases.ts';

const drivers = (gateway: GatewayAddress): readonly SdkDriver[] => [
  openaiChatDriver(gateway),
  openaiResponsesDriver(gateway),
  anthropicDriver(gateway),
  genaiDriver(gateway),
  ...vercelDrivers(gateway),
];
const DRIVER_NAMES = drivers({ url: 'http://nowhere', key: 'none' }).map(({ name }) => name);

/** Each client dialect by the provider of another: enough to show that the parts find each other. */
const SHORT: readonly (readonly [string, readonly AliasName[]])[] = [
  ['openai, chat completions', ['messages']],
  ['openai, responses', ['chat']],
  ['@anthropic-ai/sdk', ['gemini']],
  ['@google/genai', ['responses']],
];
const WHOLE = DRIVER_NAMES.map((name) => [name, ALIAS_NAMES] as const);

export function describeGateway(
  edition: string,
  open: () => Promise<Gateway>,
  { isShort = false }: { readonly isShort?: boolean } = {},
): void {
  describe(edition, () => {
    let gateway: Gateway;
    let opened: readonly SdkDriver[];
    beforeAll(async () => {
      gateway = await open();
      opened = drivers(gateway);
    });
    afterAll(() => gateway[Symbol.asyncDispose]());
    beforeEach(() => gateway.provider.reset());

    describe.each(isShort ? SHORT : WHOLE)('%s', (name, aliases) => {
      const driver = () => opened.find((one) => one.name === name) ?? expect.unreachable();
      describeConversations(() => gateway, driver, aliases);
      describeErrors(() => gateway, driver, aliases);
      describeSwitches(() => gateway, driver);
    });

    if (!isShort) {
      describe('besides answers', () => describeAuxiliary(() => gateway));
      describe('on the wire', () => describeWire(() => gateway));
      describe('a status', () => describeStatuses(() => gateway));
      describe('reasoning that is lost', () => describeLostReasoning(() => gateway));
    }

    it('at the end nothing is held', async () => {
      await expect.poll(async () => (await gateway.outputTokens()).held).toBe(0);
    });
  });
}
