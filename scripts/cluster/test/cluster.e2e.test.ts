// What clients get from separate services, and from any gateway whose address is given.

import { type Gateway, setUpGateway } from '@ai-switch/standalone/test/gateway';
import { describeGateway } from '@ai-switch/standalone/test/sdk-cases';
import { temporaryFolder, whyNoKafka, whyNoRedis } from '@ai-switch/testkit';
import { test } from 'vitest';
import { openCluster } from '../cluster.ts';
import { openComponents } from '../components.ts';
import { givenGateway } from '../config.ts';

const NAME = 'separate services, two edges, ledgers and auths, over mutual TLS';
const missing = (await whyNoRedis()) ?? (await whyNoKafka());
if (missing !== undefined) test(NAME, ({ skip }) => skip(missing));
else describeGateway(NAME, openOnComponents, { isShort: true });

async function openOnComponents(): Promise<Gateway> {
  const folder = temporaryFolder();
  const components = await openComponents();
  const cluster = await openCluster({ folder: folder.path, components, hasTls: true });
  return setUpGateway({ url: cluster.url, key: cluster.rootKey }, async () => {
    await cluster[Symbol.asyncDispose]();
    await components[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });
}

const given = givenGateway();
if (given !== undefined) {
  describeGateway(`the gateway at ${given.url}`, () => setUpGateway(given, async () => {}), {
    isShort: false,
  });
}
