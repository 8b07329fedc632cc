// What a call between services costs: gRPC's unary calls against the same calls in batches over one stream, in turns in one run.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { QuotaLedgerDefinition, ReserveRequest } from '@ai-switch/contracts';
import { connect, connectUnary } from '@ai-switch/rpc';

const HELP = `npm run bench:rpc -- [--calls N] [--rounds N] [--json]

Times calls of one port over gRPC, unary and in batches, at several numbers of callers. Both kinds take turns in one run, so
the ratios hold where absolute times drift. A call is a reservation of quota as the edge asks for it.

  --calls N    calls a round and kind (20,000)
  --rounds N   rounds of each (5)
  --json       one JSON object in place of the table
`;
const CALLERS = [1, 32, 256];

interface Cost {
  readonly kind: 'unary' | 'batched';
  readonly callers: number;
  /** Microseconds of processor time a call. */
  readonly callerCpu: number;
  readonly calleeCpu: number;
  /** Microseconds from asking to the answer. */
  readonly p50: number;
  readonly p99: number;
}

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) process.stdout.write(HELP);
else await run(wholeNumber('--calls', values.calls), wholeNumber('--rounds', values.rounds));

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000_000) return number;
  process.stderr.write(`${name} must be a whole number from 1 on\n`);
  process.exit(2);
}

async function run(calls: number, rounds: number): Promise<void> {
  const callee = await startCallee();
  const ports = {
    unary: connectUnary(QuotaLedgerDefinition, callee.address),
    batched: connect(QuotaLedgerDefinition, callee.address),
  };
  const costs: Cost[] = [];
  for (const kind of ['unary', 'batched'] as const)
    await measure(ports[kind].reserve, kind, 32, calls, callee.cpu);
  for (const callers of CALLERS) {
    const each = Math.max(callers, callers === 1 ? Math.ceil(calls / 10) : calls);
    const found: Cost[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const kind of ['unary', 'batched'] as const) {
        found.push(await measure(ports[kind].reserve, kind, callers, each, callee.cpu));
        if (!values.json) process.stderr.write('.');
      }
    }
    costs.push(medianOf(found, 'unary'), medianOf(found, 'batched'));
  }
  if (!values.json) process.stderr.write('\n');
  process.stdout.write(
    values.json ? `${JSON.stringify({ calls, rounds, costs }, null, 2)}\n` : tableOf(costs),
  );
  for (const port of Object.values(ports)) port.close();
  await callee.close();
}

async function startCallee() {
  const child = spawn(process.execPath, [new URL('server.ts', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => Number((await lines.next()).value);
  const port = await next();
  return {
    address: `127.0.0.1:${port}`,
    cpu: async () => {
      child.stdin.write('\n');
      return await next();
    },
    close: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

async function measure(
  reserve: (request: ReserveRequest) => Promise<unknown>,
  kind: Cost['kind'],
  callers: number,
  calls: number,
  calleeCpu: () => Promise<number>,
): Promise<Cost> {
  const request = ReserveRequest.create({
    tenant: 'default',
    reservationId: 'res_0192f0c7a1b27c3d8e4f5a6b7c8d9e0f',
    subject: { userId: 'usr_0192f0c7a1b27c3d8e4f5a6b7c8d9e0f', departmentIds: ['sales', 'emea'] },
    amounts: { input: 1_000n, output: 4_096n },
  });
  const waits: number[] = [];
  const before = process.cpuUsage();
  const calleeBefore = await calleeCpu();
  let left = calls;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const startedAt = performance.now();
      await reserve(request);
      waits.push(performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const calleeSpent = (await calleeCpu()) - calleeBefore;
  const { user, system } = process.cpuUsage(before);
  waits.sort((left, right) => left - right);
  const at = (share: number) => (waits[Math.floor(waits.length * share)] ?? 0) * 1_000;
  return {
    kind,
    callers,
    callerCpu: (user + system) / calls,
    calleeCpu: calleeSpent / calls,
    p50: at(0.5),
    p99: at(0.99),
  };
}

function medianOf(found: readonly Cost[], kind: Cost['kind']): Cost {
  const own = found.filter((cost) => cost.kind === kind);
  const median = (field: 'callerCpu' | 'calleeCpu' | 'p50' | 'p99') =>
    own.map((cost) => cost[field]).sort((left, right) => left - right)[Math.floor(own.length / 2)] ?? 0;
  const [first] = own;
  return {
    kind,
    callers: first?.callers ?? 0,
    callerCpu: median('callerCpu'),
    calleeCpu: median('calleeCpu'),
    p50: median('p50'),
    p99: median('p99'),
  };
}

function tableOf(costs: readonly Cost[]): string {
  const lines = ['callers  kind     caller CPU  callee CPU       p50       p99  (microseconds a call)'];
  for (const callers of CALLERS) {
    const [unary, batched] = costs.filter((cost) => cost.callers === callers);
    if (unary === undefined || batched === undefined) continue;
    for (const cost of [unary, batched]) {
      const figures = [cost.callerCpu, cost.calleeCpu, cost.p50, cost.p99].map((value) =>
        value.toFixed(0).padStart(10),
      );
      lines.push(`${String(callers).padStart(7)}  ${cost.kind.padEnd(8)}${figures.join('')}`);
    }
    const ratio = (unary.callerCpu + unary.calleeCpu) / (batched.callerCpu + batched.calleeCpu);
    lines.push(
      `         a batched call costs ${(1 / ratio).toFixed(2)} of a unary one (both sides together)`,
    );
  }
  return `${lines.join('\n')}\n`;
}
