import { AuditEvent } from '@ai-switch/contracts';
import { memoryLog } from '@ai-switch/event-log';
import type { Hit } from '@ai-switch/interception';
import { expect, test } from 'vitest';
import type { Exchange } from '../../src/exchange.ts';
import { InterceptionLog } from '../../src/intercept/interception-log.ts';

const HIT: Hit = {
  ruleSetId: 'set',
  ruleId: 'rule',
  action: 'shadow',
  mode: 'contains',
  message: '',
  start: 3,
  end: 9,
};
const exchange = {
  record: {
    tenant: 'company',
    userId: 'usr_1',
    requestId: 'req_1',
    departmentPath: '/dep_a/',
    clientAddress: '192.0.2.7',
  },
  holdEnd: () => {},
} as unknown as Exchange;

function opened() {
  const { events, ...kept } = memoryLog();
  const clock = { ms: 1_000_000 };
  const log = new InterceptionLog({ ...kept, access: () => {} }, { nowMs: () => clock.ms });
  return { events, clock, log };
}

test('shadow hits are one event a minute for each rule, with their number and nobody’s name', async () => {
  const { events, clock, log } = opened();
  for (let count = 0; count < 5; count += 1) log.note(exchange, HIT, 'prompt');
  log.note(exchange, { ...HIT, ruleId: 'other' }, 'toolCall');
  clock.ms += 59_000;
  log.tick();
  log.note(exchange, HIT, 'prompt');
  clock.ms += 1_000;
  log.tick();
  log.tick();
  await log.drain();
  expect(
    events.map(({ action, subject, details, actor, userId, requestId }) => {
      return {
        action,
        subject,
        count: details.count,
        surface: details.surface,
        who: actor + userId + requestId,
      };
    }),
  ).toEqual([
    { action: 'interception.shadow', subject: 'rule', count: '6', surface: 'prompt', who: 'system' },
    { action: 'interception.shadow', subject: 'other', count: '1', surface: 'toolCall', who: 'system' },
  ]);
});

test('what was counted is told at the end, and not twice', async () => {
  const { events, log } = opened();
  log.note(exchange, HIT, 'prompt');
  await log.drain();
  await log.drain();
  expect(events).toHaveLength(1);
});

test('a flag is told at once, with whom it concerns and where, and no text', async () => {
  const { events, log } = opened();
  log.note(exchange, { ...HIT, action: 'flag' }, 'toolResult');
  await log.drain();
  expect(events).toEqual([
    AuditEvent.create({
      eventId: expect.stringMatching(/^evt_/),
      tenant: 'company',
      actor: 'usr_1',
      action: 'interception.flag',
      subject: 'rule',
      atMs: 1_000_000n,
      details: { ruleSetId: 'set', mode: 'contains', surface: 'toolResult', start: '3', length: '6' },
      requestId: 'req_1',
      departmentPath: '/dep_a/',
      userId: 'usr_1',
      clientAddress: '192.0.2.7',
    }),
  ]);
});
