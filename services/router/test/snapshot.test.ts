import { UnpricedRule } from '@ai-switch/contracts';
import { expect, test } from 'vitest';
import { phaseAt, snapshotOf, targetsFor } from '../src/snapshot.ts';
import { book, row } from './price-fixtures.ts';

test('what clients name is looked up each time, and only the names of the snapshot are kept', () => {
  const provider = {
    tenant: 'acme',
    name: 'openai',
    kind: 'openai',
    dialect: 'openai-chat',
    base_url: 'https://api.openai.com/v1',
    credential: '',
    origin: 'admin',
    models: '["m"]',
    capabilities: '{}',
    model_capabilities: '{}',
    updated_at_ms: 1n,
  };
  const snapshot = snapshotOf({
    rows: {
      revision: 1n,
      providers: [provider],
      aliases: [],
      dataKeys: [],
      priceBook: book({ rows: [row('openai/*')], unpriced: UnpricedRule.DENY }),
      priceBooksToCome: [],
    },
    dataKey: () => {
      throw new Error('there is no credential to open');
    },
    onUnopened: () => {},
  });
  const draw = { random: () => 0, affinityKey: '', nowMs: 1 };
  for (let index = 0; index < 100; index += 1) {
    expect(targetsFor(snapshot, `openai/made-up-${index}`, draw)).toHaveLength(1);
    expect(targetsFor(snapshot, 'm', draw)[0]?.price?.rates?.output).toBe(15_000_000n);
  }
  expect([...(phaseAt(snapshot, 1)?.tiers.keys() ?? [])]).toEqual(['m']);
});
