import type { Command } from 'commander';
import { command, sessionOf } from '../command-line.ts';
import { receiptText } from './receipt-text.ts';
import { utcOption, type ZoneOptions, zoneOf } from './times.ts';

export function receiptCommand(): Command {
  return command('receipt', "tell what became of one request's quota", [
    'npm run cli -- quotas receipt res_01kb…',
    'npm run cli -- quotas receipt res_01kb… --entries',
  ])
    .argument('<id>', 'the reservation: in the header x-aiswitch-receipt, and in the message of a refusal')
    .option('--entries', 'with every change that it made')
    .addOption(utcOption())
    .action(async (id: string, options: ZoneOptions & { readonly entries?: boolean }, self: Command) => {
      const session = sessionOf(self);
      const receipt = await session.client.call('GET', '/receipts/{reservationId}', {
        path: { reservationId: id },
      });
      session.print(receipt, receiptText(receipt, zoneOf(options), options.entries === true));
    });
}

export function reverseCommand(): Command {
  return command('reverse', 'take the charge of a settled request back, once', [
    'npm run cli -- quotas reverse res_01kb… --reason "the provider was charged twice"',
  ])
    .argument('<id>', 'the reservation')
    .requiredOption('--reason <text>', 'why; it stays on the receipt')
    .addOption(utcOption())
    .action(async (id: string, options: ZoneOptions & { readonly reason: string }, self: Command) => {
      const session = sessionOf(self);
      const { reason } = options;
      const reversed = await session.client.call('POST', '/reservations/{reservationId}/reverse', {
        path: { reservationId: id },
        body: { reason },
      });
      session.print(reversed, receiptText(reversed, zoneOf(options), false));
    });
}
