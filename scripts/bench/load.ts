// The load generator, a process of its own so that its work is not the gateway's.
import { reportReady } from './child.ts';
import { type LoadOrder, runLoad } from './load-run.ts';

process.on('message', (order: LoadOrder) => {
  runLoad(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`the load generator failed: ${String(error)}\n`);
      process.exit(1);
    },
  );
});
reportReady({});
