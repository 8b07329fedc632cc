import type { Command } from 'commander';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';

const DATA_KEYS = {
  'DATA KEY': (row: Row) => row.version,
  'MASTER KEY': (row: Row) => row.masterKeyId,
  CREDENTIALS: (row: Row) => row.credentials,
};
const MASTER_KEYS = {
  'MASTER KEY': (row: Row) => row.masterKeyId,
  NEWEST: (row: Row) => (row.isNewest ? 'yes' : ''),
  KNOWN: (row: Row) => (row.isKnown ? 'yes' : 'NO'),
  'DATA KEYS': (row: Row) => row.dataKeys,
};

export function credentialsCommand(): Command {
  const credentials = command('credentials', 'the keys that seal the credentials of providers', [
    'npm run cli -- credentials status',
    'npm run cli -- credentials rotate-data-key',
    'npm run cli -- credentials rotate-master-key',
  ]);
  return credentials
    .addCommand(statusCommand())
    .addCommand(rotateDataKeyCommand())
    .addCommand(rotateMasterKeyCommand());
}

function statusCommand(): Command {
  return command('status', 'show what is sealed with which key; root sees the master keys as well', [
    'npm run cli -- credentials status',
    'npm run cli -- credentials status --master-keys',
  ])
    .option('--master-keys', 'those of the installation, for root')
    .action(async ({ masterKeys }: { masterKeys?: true }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      if (masterKeys) printRows((await client.call('GET', '/sealing/master-keys')).masterKeys, MASTER_KEYS);
      else printRows((await client.call('GET', '/sealing')).dataKeys, DATA_KEYS);
    });
}

function rotateDataKeyCommand(): Command {
  return command('rotate-data-key', 'seal the credentials of the company with a new data key', [
    'npm run cli -- credentials rotate-data-key',
  ]).action(async (_options: object, self: Command) => {
    const { client, print } = sessionOf(self);
    const rotated = await client.call('POST', '/sealing/data-key', { body: {} });
    const lost = Number(rotated.unopened) > 0 ? `; ${rotated.unopened} do not open: give them again` : '';
    print(rotated, `data key ${rotated.version} seals ${rotated.resealed} credentials${lost}`);
  });
}

function rotateMasterKeyCommand(): Command {
  return command('rotate-master-key', 'make a new master key and seal every data key with it', [
    'npm run cli -- credentials rotate-master-key',
    'npm run cli -- credentials rotate-master-key --only-rewrap',
  ])
    .option('--only-rewrap', 'no new key: bring the newest there is into use everywhere')
    .action(async ({ onlyRewrap }: { onlyRewrap?: true }, self: Command) => {
      const { client, print } = sessionOf(self);
      if (!onlyRewrap) await client.call('POST', '/sealing/master-keys', { body: {} });
      let sum = 0;
      for (;;) {
        const step = await client.call('POST', '/sealing/rewrap', { body: {} });
        sum += Number(step.rewrapped);
        if (Number(step.left) > 0 && Number(step.rewrapped) > 0) continue;
        const lost = Number(step.unopened) > 0 ? `; ${step.unopened} do not open` : '';
        print(step, `${sum} data keys are sealed with the newest master key; ${step.left} are left${lost}`);
        return;
      }
    });
}
