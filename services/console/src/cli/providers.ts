import { text } from 'node:stream/consumers';
import { PROVIDER_KINDS } from '@ai-switch/upstream';
import type { Command } from 'commander';
import { capabilitiesIn } from './capabilities.ts';
import { CliError } from './cli-error.ts';
import type { Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { credentialFromEnvironment } from './config.ts';
import { list, moment } from './output.ts';

const COLUMNS = {
  NAME: (provider: Row) => provider.name,
  KIND: (provider: Row) => provider.kind,
  DIALECT: (provider: Row) => provider.dialect,
  ADDRESS: (provider: Row) => provider.baseUrl,
  CREDENTIAL: (provider: Row) => (provider.hasCredential ? 'stored' : 'none'),
  FROM: (provider: Row) => provider.origin,
  MODELS: (provider: Row) => list(provider.models),
  SET: (provider: Row) => capabilityList(provider),
  UPDATED: (provider: Row) => moment(provider.updatedAtMs),
};

const KIND_COLUMNS = {
  KIND: (kind: Row) => kind.kind,
  TITLE: (kind: Row) => kind.title,
  DIALECT: (kind: Row) => kind.dialect,
  ADDRESS: (kind: Row) => kind.baseUrl,
  CREDENTIAL: (kind: Row) => kind.environmentKey ?? kind.credentialForm,
};

/** Each row of the table of providers as programs may read it. */
const KINDS: readonly Row[] = PROVIDER_KINDS.map(({ path, framing, quirks, ...row }) => ({
  ...row,
  quirks: (quirks ?? []).map((quirk) => quirk.name),
}));

export function providersCommand(): Command {
  const providers = command('providers', 'who answers: the services behind the gateway', [
    'npm run cli -- providers add openai --credential-env OPENAI_API_KEY',
    'npm run cli -- providers models openai',
    'npm run cli -- providers list',
  ]);

  providers
    .addCommand(addCommand())
    .addCommand(
      command('list', 'list the providers; a credential is never shown', [
        'npm run cli -- providers list',
      ]).action(async (_options: object, self: Command) => {
        const session = sessionOf(self);
        session.printRows(await session.client.list('/providers'), COLUMNS);
      }),
    )
    .addCommand(
      command('kinds', 'list the kinds of providers that there are', [
        'npm run cli -- providers kinds',
        'npm run cli -- providers kinds --json',
      ]).action((_options: object, self: Command) => {
        sessionOf(self).printRows(KINDS, KIND_COLUMNS);
      }),
    )
    .addCommand(
      command('show', 'show one provider with all its models', ['npm run cli -- providers show openai'])
        .argument('<name>')
        .action(async (name: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          const provider = await session.client.call('GET', '/providers/{provider}', {
            path: { provider: name },
          });
          const all = { ...COLUMNS, MODELS: (row: Row) => list(row.models, Number.POSITIVE_INFINITY) };
          session.printRows([provider], all);
        }),
    )
    .addCommand(
      command('models', 'ask a provider anew which models it serves', [
        'npm run cli -- providers models openai',
      ])
        .argument('<name>')
        .action(async (name: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          const provider = await session.client.call('POST', '/providers/{provider}/models', {
            path: { provider: name },
            body: {},
          });
          session.print(provider, modelLines(provider));
        }),
    )
    .addCommand(
      command('remove', 'remove a provider and its credential', ['npm run cli -- providers remove openai'])
        .argument('<name>')
        .action(async (name: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          const gone = await session.client.call('DELETE', '/providers/{provider}', {
            path: { provider: name },
          });
          session.print(gone, `removed ${gone.name}`);
        }),
    );
  return providers;
}

function addCommand(): Command {
  return command('add', 'add a provider, or change one: what is left out is filled from its kind', [
    'npm run cli -- providers add openai --credential-env OPENAI_API_KEY',
    'pass show anthropic | npm run cli -- providers add anthropic --credential-stdin',
    'npm run cli -- providers add ollama',
    'npm run cli -- providers add gpu1 --kind vllm --base-url http://10.0.0.5:8000/v1',
    'npm run cli -- providers add gpu1 --capability images=false --capability output-tokens-max=8192',
    'npm run cli -- providers add gpu1 --for-model qwen3-vl --capability images=true',
    'npm run cli -- providers add mine --kind custom --dialect anthropic-messages \\',
    '    --base-url https://llm.example.com/v1 --credential-env MINE_KEY --model big --model small',
  ])
    .addHelpText('after', `\nKinds: ${PROVIDER_KINDS.map(({ kind }) => kind).join(', ')}`)
    .argument('<name>', 'lower-case letters, digits and -; a kind as name needs no --kind')
    .option('--kind <kind>', 'one of the kinds below; `providers kinds` tells more')
    .option('--base-url <url>', 'the address with its version, like http://10.0.0.5:8000/v1')
    .option('--dialect <dialect>', 'openai-chat, openai-responses, anthropic-messages or gemini')
    .option('--model <name...>', 'the models it serves; default: those that it lists')
    .option('--capability <name=value...>', 'what it can do: true, false, a number, or default')
    .option('--for-model <model>', 'the capabilities are of this model alone')
    .option('--credential-env <variable>', 'the environment variable that holds the credential')
    .option('--credential-stdin', 'read the credential from standard input')
    .option('--credential [value]', 'refused: other users of the machine can see arguments')
    .action(async (name: string, options: ProviderOptions, self: Command) => {
      const session = sessionOf(self);
      const credential = await readCredential(options);
      const body = {
        ...(options.kind === undefined ? {} : { kind: options.kind }),
        ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
        ...(options.dialect === undefined ? {} : { dialect: options.dialect }),
        ...(options.model === undefined ? {} : { models: options.model }),
        ...(credential === undefined ? {} : { credential }),
        ...capabilitiesIn(options),
      };
      const provider = await session.client.call('PUT', '/providers/{provider}', {
        path: { provider: name },
        body,
      });
      session.print(provider, modelLines(provider));
    });
}

interface ProviderOptions {
  readonly kind?: string;
  readonly baseUrl?: string;
  readonly dialect?: string;
  readonly model?: readonly string[];
  readonly capability?: readonly string[];
  readonly forModel?: string;
  readonly credentialEnv?: string;
  readonly credentialStdin?: boolean;
  readonly credential?: string | true;
}

/** @throws CliError for a credential among the arguments, where every user of the machine can read it */
async function readCredential(options: ProviderOptions): Promise<string | undefined> {
  if (options.credential !== undefined) {
    throw new CliError(
      'a credential among the arguments can be seen by others: use --credential-env <variable> or --credential-stdin',
      2,
    );
  }
  if (options.credentialEnv !== undefined && options.credentialStdin === true) {
    throw new CliError('give one of --credential-env and --credential-stdin', 2);
  }
  if (options.credentialEnv !== undefined) return credentialFromEnvironment(options.credentialEnv);
  if (options.credentialStdin !== true) return undefined;
  const credential = (await text(process.stdin)).trim();
  if (credential === '') throw new CliError('standard input held no credential');
  return credential;
}

/** `images=false`, and of a model `qwen3-vl:images=true`. */
function capabilityList({ capabilities, modelCapabilities }: Row): string {
  const told = (of: unknown, prefix: string) =>
    Object.entries(Object(of)).map(([name, value]) => `${prefix}${name}=${value}`);
  const byModel = Object.entries(Object(modelCapabilities)).flatMap(([model, of]) => told(of, `${model}:`));
  return list([...told(capabilities, ''), ...byModel]);
}

function modelLines({ name, baseUrl, models, modelsNote }: Row): string {
  const lines = [`${name} at ${baseUrl}`, `models: ${list(models, 12) || 'none known'}`];
  if (typeof modelsNote === 'string') lines.push(`note: ${modelsNote}`);
  const first = Array.isArray(models) ? models[0] : undefined;
  if (first !== undefined) lines.push(`ask for ${first}, or for ${name}/<any model of it>`);
  return lines.join('\n');
}
