// What clients get from separate services, and from any gateway whose address is given.

import { temporaryFolder, whyNoKafka, whyNoRedis } from '@ai-switch/testkit';
import { test } from 'vitest';
import { type Gateway, setUpGateway } from '../../../services/standalone/test/gateway.ts';
import { describeGateway } from '../../../services/standalone/test/sdk-cases.ts';
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
