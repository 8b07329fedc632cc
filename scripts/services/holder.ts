// Holds the components of `npm run services -- up` until it gets a SIGTERM. They end with it, however it ends.

import { COMPONENT_NAMES, type Component, startComponent } from '@ai-switch/testkit';
import { givenAddresses } from './config.ts';
import { removeState, type ServicesState, writeState } from './state.ts';

const DAY_MS = 86_400_000;
const held: Component[] = [];
const shown: ServicesState['components'][number][] = [];
const stopping = new Promise<void>((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
});

const given = givenAddresses();
writeState({ pid: process.pid, isReady: false, components: [] });
for (const name of COMPONENT_NAMES) {
  try {
    const component = await startComponent(name, given[name]);
    held.push(component);
    shown.push({ name, address: component.address, source: component.source });
  } catch (error) {
    shown.push({ name, source: error instanceof Error ? error.message : String(error) });
  }
  writeState({ pid: process.pid, isReady: shown.length === COMPONENT_NAMES.length, components: shown });
}

// A signal that is waited for does not keep the process.
const keep = setInterval(() => {}, DAY_MS);
await stopping;
clearInterval(keep);
await Promise.all(held.map((component) => component.stop()));
removeState(process.pid);
