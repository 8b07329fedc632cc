// What the rules hit. The code that blocks and flags writes the audit events: an event for each block and flag, and for
// shadow rules one a minute with the count. No prompt stands in them, only where in its text the hit was.
//
// The last byte of an answer waits until the events about it survive a power cut.

import { AuditEvent } from '@ai-switch/contracts';
import type { EventLog } from '@ai-switch/event-log';
import type { Hit, Surface } from '@ai-switch/interception';
import { type Clock, newId } from '@ai-switch/kernel';
import type { Exchange } from '../exchange.ts';
import { NOT_ENROLLED } from '../roster.ts';
import type { Ticking } from '../ticker.ts';

/** Counts of shadow hits are told this often, or as soon as there are so many rules. */
const SHADOW_MS = 60_000;
const SHADOW_RULES_MAX = 10_000;

export class InterceptionLog implements Ticking {
  rosterPlace = NOT_ENROLLED;
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #shadows = new Map<string, Shadow>();
  #shadowsSinceMs = 0;

  constructor(log: EventLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(exchange: Exchange, hit: Hit, surface: Surface): void {
    const { record } = exchange;
    if (hit.action === 'shadow') {
      this.#count(record.tenant, hit, surface);
      return;
    }
    const { tenant, userId, requestId, departmentPath, clientAddress } = record;
    const kept = this.#append(`interception.${hit.action}`, {
      tenant,
      actor: userId,
      subject: hit.ruleId,
      details: {
        ruleSetId: hit.ruleSetId,
        mode: hit.mode,
        surface,
        start: String(hit.start),
        length: String(hit.end - hit.start),
      },
      requestId,
      departmentPath,
      userId,
      clientAddress,
    });
    exchange.holdEnd(kept);
  }

  /** What was not let through because it could not be inspected whole. @param why `time` or `size` */
  noteUninspected(exchange: Exchange, surface: Surface, why: 'time' | 'size' | 'form'): void {
    const { tenant, userId, requestId, departmentPath, clientAddress } = exchange.record;
    const details = { surface, uninspected: why };
    const who = { actor: userId, userId, departmentPath, clientAddress };
    exchange.holdEnd(this.#append('interception.block', { tenant, subject: '', details, requestId, ...who }));
  }

  tick(): void {
    if (this.#shadows.size > 0 && this.#clock.nowMs() - this.#shadowsSinceMs >= SHADOW_MS) void this.#tell();
  }

  /** Resolves once the counts of shadow hits are written. */
  drain(): Promise<void> {
    return this.#tell();
  }

  #count(tenant: string, { ruleSetId, ruleId, mode }: Hit, surface: Surface): void {
    const key = [tenant, ruleSetId, ruleId, surface].join('\n');
    const known = this.#shadows.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    if (this.#shadows.size === 0) this.#shadowsSinceMs = this.#clock.nowMs();
    this.#shadows.set(key, { tenant, ruleSetId, ruleId, mode, surface, count: 1 });
    if (this.#shadows.size >= SHADOW_RULES_MAX) void this.#tell();
  }

  async #tell(): Promise<void> {
    const kept: Promise<void>[] = [];
    for (const { tenant, ruleId, ruleSetId, mode, surface, count } of this.#shadows.values()) {
      const details = {
        ruleSetId,
        mode,
        surface,
        count: String(count),
        sinceMs: String(this.#shadowsSinceMs),
      };
      const event = { tenant, actor: 'system', subject: ruleId, details, departmentPath: '/' };
      kept.push(this.#append('interception.shadow', event));
    }
    this.#shadows.clear();
    await Promise.all(kept);
  }

  #append(action: string, event: Partial<AuditEvent>): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const atMs = BigInt(nowMs);
    return this.#log.audit(AuditEvent.create({ eventId: newId('evt', nowMs), action, atMs, ...event }));
  }
}

interface Shadow {
  readonly tenant: string;
  readonly ruleSetId: string;
  readonly ruleId: string;
  readonly mode: string;
  readonly surface: Surface;
  count: number;
}
