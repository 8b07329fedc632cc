// What a caller may ask for, and from where. The lists are few and short, and the same objects for every request of a key, so
// that each is compiled once.

import type { Caller, ModelList, NetworkList } from '@ai-switch/contracts';
import { AddressSet, Fault } from '@ai-switch/kernel';

/** @throws Fault `forbidden` when the key or a policy does not allow the model */
export function permitModel(caller: Caller, alias: string): void {
  if (mayUse(caller, alias)) return;
  throw new Fault('forbidden', `This API key may not use the model "${alias.slice(0, 128)}".`, {
    details: { field: 'model' },
  });
}

export function mayUse({ policy }: Caller, alias: string): boolean {
  return policy === undefined || policy.models.every((list) => isListed(list, alias));
}

/**
 * @param address of the client; what is no address is in no network
 * @throws Fault `forbidden` when the key or a policy does not allow it; which networks they do is not said
 */
export function permitNetwork({ networks }: Caller, address: string): void {
  if (networks.every((list) => networksOf(list).has(address))) return;
  throw new Fault('forbidden', 'This API key may not be used from this network.', {
    details: { field: 'network' },
  });
}

function isListed({ models }: ModelList, alias: string): boolean {
  return models.some((model) => model === alias || (model.includes('*') && isMatch(model, alias)));
}

/** Piece by piece from the left, which is enough where `*` is the only wildcard, and never goes back. */
function isMatch(pattern: string, alias: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  if (!alias.startsWith(first)) return false;
  let from = first.length;
  for (const piece of rest) {
    const found = alias.indexOf(piece, from);
    if (found === -1) return false;
    from = found + piece.length;
  }
  return alias.length - last.length >= from && alias.endsWith(last);
}

const sets = new WeakMap<NetworkList, AddressSet>();

function networksOf(list: NetworkList): AddressSet {
  let set = sets.get(list);
  if (set === undefined) {
    set = new AddressSet(list.networks);
    sets.set(list, set);
  }
  return set;
}
