import type { Command } from 'commander';
import { command } from '../command-line.ts';
import { closeCommand, grantCommand, setCommand } from './change.ts';
import { orderCommand } from './order.ts';
import { policyCommand } from './policy.ts';
import { receiptCommand, reverseCommand } from './receipt.ts';
import { listCommand, showCommand } from './show.ts';
import { statementCommand } from './statement.ts';

export function quotasCommand(): Command {
  const quotas = command('quotas', 'what may be spent, by whom, and what was', [
    'npm run cli -- quotas set alice --output 1000000 --period month',
    'npm run cli -- quotas set project:web --cost 250 --period quarter',
    'npm run cli -- quotas grant alice --output 50000 --until 2026-12-31',
    'npm run cli -- quotas show alice --project web',
    'npm run cli -- quotas receipt <reservation id>',
  ]);
  const verbs = [
    setCommand(),
    showCommand(),
    listCommand(),
    closeCommand(),
    grantCommand(),
    orderCommand(),
    policyCommand(),
    statementCommand(),
    receiptCommand(),
    reverseCommand(),
  ];
  for (const verb of verbs) quotas.addCommand(verb);
  return quotas;
}
