import { runSeed } from './simulation.ts';

const from = Number(process.argv[2] ?? 1),
  n = Number(process.argv[3] ?? 1);
const trace = process.argv[4] === 'trace' ? (l: string) => process.stdout.write(l + '\n') : undefined;
const t0 = performance.now();
let steps = 0;
const { Coverage } = await import('./coverage.ts');
const all = new Coverage();
for (let s = from; s < from + n; s++) {
  const r = await runSeed({ seed: s, steps: Number(process.env.STEPS ?? 400), ...(trace && { trace }) });
  steps += r.steps;
  all.add(r.coverage);
  if (r.failure) {
    process.stdout.write(
      `seed ${s} step ${r.failure.step} ${r.failure.invariant} ${r.failure.message}\n${r.failure.operations.join('\n')}\n${r.failure.rows.join('\n')}\n`,
    );
    if (!process.env.KEEP) break;
  }
}
if (process.env.COV) for (const [k, v] of [...all.counts].sort()) process.stdout.write(`${v}\t${k}\n`);
process.stdout.write(`${n} seeds ${steps} steps ${Math.round(performance.now() - t0)} ms\n`);
