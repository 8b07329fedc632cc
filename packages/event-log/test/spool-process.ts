// A process that writes into a log as fast as it can and says what was acknowledged, until it is killed. Its sink is the test.

import { AccessRecord, AuditEvent } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';
import { type LogSink, openSpooledLog } from '../src/index.ts';

const [folder = '', sinkUrl = '', prefix = '', textLength = '0'] = process.argv.slice(2);
const BURST = 20;

async function post(path: string, body: object): Promise<void> {
  const answer = await fetch(`${sinkUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
  await answer.arrayBuffer();
  if (answer.status === 409) throw new Fault('conflict', 'It has another one.');
  if (!answer.ok) throw new Fault('unavailable', 'It does not answer.');
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const sink: LogSink = {
  name: 'test',
  write: (identity, records) =>
    post('/write', { identity, records: records.map((record) => ({ ...record, chain: hex(record.chain) })) }),
  announce: (identity, announcement) =>
    post('/announce', { identity, announcement: { ...announcement, chain: hex(announcement.chain) } }),
  close: async () => {},
};

const log = await openSpooledLog({
  folder,
  service: 'edge-gateway',
  sink,
  logger: createLogger({ service: 'test', level: 'silent' }),
});
const userAgent = 'x'.repeat(Number(textLength));
process.stdout.write('ready\n');
for (let burst = 0; ; burst += 1) {
  const ids = Array.from({ length: BURST }, (_, index) => `${prefix}.${burst}.${index}`);
  for (const requestId of ids) {
    log.access(AccessRecord.create({ requestId, tenant: 'default', startedAtMs: 1_000n, userAgent }));
  }
  // What a pipe took is with the test, whatever becomes of this process.
  process.stdout.write(`${ids.join('\n')}\n`);
  const eventId = `${prefix}.${burst}`;
  await log.audit(AuditEvent.create({ eventId, tenant: 'default', action: 'key.create', atMs: 1_000n }));
  process.stdout.write(`${eventId}\n`);
}
