import { Provider, Resource, type Target } from '@ai-switch/contracts';
import { createLogger } from '@ai-switch/telemetry';
import type { RouterOptions } from '../src/index.ts';

export const CANARY = 'sk-canary-credential-0123456789';
export const START_MS = 1_790_000_000_000;

let tenants = 0;
/** A tenant of its own for each test, so that tests share a database. */
export function newTenant(): string {
  tenants += 1;
  return `ten_${tenants}`;
}

export function provider(fields: Partial<Provider>): Provider {
  return Provider.create({
    name: 'openai',
    kind: 'openai',
    dialect: 'openai-chat',
    baseUrl: 'https://api.openai.com/v1',
    ...fields,
  });
}

export function resource(name: string, fields: Partial<Resource> = {}): Resource {
  return Resource.create({ provider: name, model: 'm', weight: 1, ...fields });
}

export function placesOf(targets: readonly Target[]): string[] {
  return targets.map((target) => `${target.provider}/${target.model}`);
}

export interface Logged {
  readonly logger: NonNullable<RouterOptions['logger']>;
  readonly lines: string[];
}

export function logged(): Logged {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { logger: createLogger({ service: 'router', level: 'trace', destination }), lines };
}
