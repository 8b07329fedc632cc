import type { JsonObject } from '@ai-switch/dialects';
import { findProviderKind } from '../providers.ts';
import type { UpstreamTarget } from '../request-headers.ts';
import type { QuirkContext } from './quirk.ts';

/**
 * A request's body as its provider wants it: the quirks of the provider's kind, one after the other. The same object when
 * none of them has anything to change.
 */
export function applyQuirks(target: UpstreamTarget, body: JsonObject, context: QuirkContext): JsonObject {
  const quirks = findProviderKind(target.kind)?.quirks;
  if (quirks === undefined) return body;
  const call = {
    target,
    model: context.model,
    isStreaming: context.isStreaming,
    clientDialect: context.clientDialect,
    affinityKey: context.affinityKey,
    dialect: context.dialect ?? target.dialect,
    drop: (name: string) => void context.dropped?.add(name),
  };
  let fitted = body;
  for (const quirk of quirks) fitted = quirk(fitted, call);
  return fitted;
}
