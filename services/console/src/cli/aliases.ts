import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { moment } from './output.ts';

const COLUMNS = {
  ALIAS: (alias: Row) => alias.name,
  RESOURCES: resourcesText,
  UPDATED: (alias: Row) => moment(alias.updatedAtMs),
};

export function aliasesCommand(): Command {
  const aliases = command('aliases', 'the model names that clients ask for, and who answers them', [
    'npm run cli -- aliases set fast --to openai/gpt-5.5',
    'npm run cli -- aliases list',
    'npm run cli -- aliases remove fast',
  ]);

  aliases
    .addCommand(setCommand('set'))
    .addCommand(setCommand('add'))
    .addCommand(
      command('list', 'list the aliases; every model of a provider is one besides, unless put here', [
        'npm run cli -- aliases list',
      ]).action(async (_options: object, self: Command) => {
        const session = sessionOf(self);
        session.printRows(await session.client.list('/aliases'), COLUMNS);
      }),
    )
    .addCommand(
      command('show', 'show one alias', ['npm run cli -- aliases show fast'])
        .argument('<alias>')
        .action(async (alias: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          session.printRows(
            [await session.client.call('GET', '/aliases/{alias}', { path: { alias } })],
            COLUMNS,
          );
        }),
    )
    .addCommand(
      command('remove', 'remove an alias', ['npm run cli -- aliases remove fast'])
        .argument('<alias>')
        .action(async (alias: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          const gone = await session.client.call('DELETE', '/aliases/{alias}', { path: { alias } });
          session.print(gone, `removed ${gone.name}`);
        }),
    );
  return aliases;
}

function setCommand(verb: 'set' | 'add'): Command {
  return command(verb, 'put an alias: a new one, or in place of the one there is', [
    `npm run cli -- aliases ${verb} fast --to openai/gpt-5.5`,
    `npm run cli -- aliases ${verb} fast --to openai/gpt-5.5,weight=3 --to xai/grok-4.3,weight=1`,
    `npm run cli -- aliases ${verb} claude-fast --to anthropic/claude-haiku-4-5-20251001 --fallback ollama/qwen3:8b`,
  ])
    .argument('<alias>', 'what clients ask for')
    .requiredOption('--to <provider/model...>', 'who answers; several share by weight')
    .option('--fallback <provider/model...>', 'who answers when those before fail, in this order', [])
    .action(async (alias: string, options: { to: string[]; fallback: string[] }, self: Command) => {
      const session = sessionOf(self);
      const resources = [
        ...options.to.map((each) => resourceIn(each, 0)),
        ...options.fallback.map((each, index) => resourceIn(each, index + 1)),
      ];
      const put = await session.client.call('PUT', '/aliases/{alias}', {
        path: { alias },
        body: { resources },
      });
      session.print(put, `${alias} -> ${resourcesText(put)}`);
    });
}

const RESOURCE = /^([^/,]+)\/([^,]+?)(?:,weight=([0-9]{1,4}))?$/;

function resourceIn(text: string, priority: number) {
  const [, provider, model, weight] = RESOURCE.exec(text) ?? [];
  if (provider === undefined || model === undefined) {
    throw new CliError('a resource is written <provider>/<model>, or <provider>/<model>,weight=<n>', 2);
  }
  return { provider, model, weight: weight === undefined ? 1 : Number(weight), priority };
}

function resourcesText({ resources }: Row): string {
  if (!Array.isArray(resources)) return '';
  return resources
    .map(({ provider, model, weight, priority }) => {
      const share = weight === 1 ? '' : ` x${weight}`;
      return `${provider}/${model}${share}${priority === 0 ? '' : ` (fallback ${priority})`}`;
    })
    .join(', ');
}
