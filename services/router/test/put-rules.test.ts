import { Alias, type Provider } from '@ai-switch/contracts';
import { expect, test } from 'vitest';
import { checkAlias, checkedProvider } from '../src/put-rules.ts';
import { CANARY, provider, resource } from './fixtures.ts';

const TENANT = 'ten_1';

/** What is thrown. */
function faultOf(check: () => unknown): unknown {
  try {
    return check();
  } catch (error) {
    return error;
  }
}

const wrongProviders: [string, Partial<Provider>][] = [
  ['provider.tenant', { tenant: '' }],
  ['provider.tenant', { tenant: 'a|b' }],
  ['provider.name', { name: '' }],
  ['provider.name', { name: 'Open AI' }],
  ['provider.name', { name: 'a|b' }],
  ['provider.name', { name: 'x'.repeat(65) }],
  ['provider.kind', { kind: 'nobody' }],
  ['provider.dialect', { dialect: 'gopher' }],
  ['provider.capabilities.outputTokensMax', { capabilities: { outputTokensMax: 0 } }],
  ['provider.capabilities.temperatureMax', { capabilities: { temperatureMax: Number.NaN } }],
  ['provider.model_capabilities.m.outputTokensMax', { modelCapabilities: { m: { outputTokensMax: -1 } } }],
  ['provider.model_capabilities', { modelCapabilities: { 'a b': { images: true } } }],
  [
    'provider.model_capabilities',
    { modelCapabilities: Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`m${index}`, {}])) },
  ],
  ['provider.origin', { origin: 'elsewhere' }],
  ['baseUrl', { baseUrl: '' }],
  ['baseUrl', { baseUrl: 'api.openai.com/v1' }],
  ['baseUrl', { baseUrl: 'ftp://api.openai.com/v1' }],
  ['baseUrl', { baseUrl: 'file:///etc/passwd' }],
  ['baseUrl', { baseUrl: `https://me:${CANARY}@api.openai.com/v1` }],
  ['baseUrl', { baseUrl: `https://api.openai.com/v1?key=${CANARY}` }],
  ['baseUrl', { baseUrl: 'https://api.openai.com/v1?' }],
  ['baseUrl', { baseUrl: 'https://api.openai.com/v1#a' }],
  ['baseUrl', { baseUrl: `https://api.openai.com/${'x'.repeat(2_048)}` }],
  ['provider.models', { models: Array.from({ length: 1_001 }, (_, index) => `m${index}`) }],
  ['provider.models[1]', { models: ['m', 'x'.repeat(129)] }],
  ['provider.models[0]', { models: ['a b'] }],
  ['provider.models[0]', { models: [''] }],
  ['provider.models[0]', { models: ['a\0'] }],
];
test.each(wrongProviders)('a provider that is wrong in %s is refused (%#)', (field, fields) => {
  const fault = faultOf(() => checkedProvider(provider({ tenant: TENANT, ...fields })));
  expect(fault).toMatchObject({ code: 'invalid', details: { field } });
  expect(String(fault)).not.toContain(CANARY);
});

const wrongAliases: [string, Partial<Alias>][] = [
  ['alias.tenant', { tenant: '' }],
  ['alias.name', { name: '' }],
  ['alias.name', { name: 'a b' }],
  ['alias.name', { name: 'x'.repeat(129) }],
  ['alias.resources', { resources: [] }],
  ['alias.resources', { resources: Array.from({ length: 33 }, () => resource('openai')) }],
  ['alias.resources[0].weight', { resources: [resource('openai', { weight: 0 })] }],
  ['alias.resources[0].weight', { resources: [resource('openai', { weight: 1_001 })] }],
  ['alias.resources[0].priority', { resources: [resource('openai', { priority: -1 })] }],
  ['alias.resources[1].model', { resources: [resource('openai'), resource('openai', { model: '' })] }],
  ['alias.resources[0].provider', { resources: [resource('OpenAI')] }],
];
test.each(wrongAliases)('an alias that is wrong in %s is refused (%#)', (field, fields) => {
  const alias = Alias.create({ tenant: TENANT, name: 'fast', resources: [resource('openai')], ...fields });
  const fault = faultOf(() => {
    checkAlias(alias);
  });
  expect(fault).toMatchObject({ code: 'invalid', details: { field } });
});

test('what is right is accepted', () => {
  expect(checkedProvider(provider({ tenant: TENANT }))).toMatchObject({ name: 'openai', origin: 'admin' });
  const alias = Alias.create({ tenant: TENANT, name: 'fast', resources: [resource('openai')] });
  expect(() => {
    checkAlias(alias);
  }).not.toThrow();
});
