import {
  type Connection,
  claudeCodeEnvironment,
  codexConfiguration,
  exportLines,
  geminiEnvironment,
  type ListedModel,
  modelForChats,
  openaiSdkLines,
  opencodeConfiguration,
} from '@ai-switch/console';

export interface GreetingFacts {
  readonly url: string;
  /** Only when it may be shown: at the first start, or when it was just made. */
  readonly key: string | undefined;
  readonly models: readonly ListedModel[];
}

const PROVIDERS_SHOWN = 8;

/** What a start prints: where it listens, a request that works, and the lines to paste for each tool. */
export function greeting({ url, key, models }: GreetingFacts): string {
  const model = modelForChats(models) ?? '<model>';
  const connection = { url, key: key ?? '$AISWITCH_KEY', model, smallModel: model };
  return `AI-Switch listens on ${url}
${providersLine(models)}

Try it:
  curl ${url}/v1/chat/completions \\
    -H "Authorization: Bearer ${connection.key}" -H "Content-Type: application/json" \\
    -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'

${clientLines(connection, key !== undefined)}

To have it written, or for Cursor: npm run cli -- connect --help
Administer it: npm run cli -- --help      Stop it: Ctrl-C
`;
}

/** A key that is not to be shown stands in AISWITCH_KEY, which each client finds in its own way. */
function clientLines(connection: Connection, isKeyShown: boolean): string {
  const { url, key } = connection;
  const shown = JSON.stringify(key);
  const inEnvironment = { ...connection, key: '{env:AISWITCH_KEY}' };
  const blocks = {
    'Claude Code': exportLines(claudeCodeEnvironment(connection)),
    'Codex (~/.codex/config.toml)': isKeyShown
      ? codexConfiguration('', connection)
      : codexConfiguration('', connection, { env_key: 'AISWITCH_KEY' }),
    'OpenCode (opencode.json in the project)': JSON.stringify(
      opencodeConfiguration(isKeyShown ? connection : inEnvironment),
    ),
    'Gemini CLI (needs "security":{"auth":{"selectedType":"gemini-api-key"}} in ~/.gemini/settings.json)':
      exportLines(geminiEnvironment(connection)),
    'OpenAI SDK': openaiSdkLines(
      url,
      isKeyShown ? shown : 'os.environ["AISWITCH_KEY"]',
      isKeyShown ? shown : 'process.env.AISWITCH_KEY',
    ),
  };
  return Object.entries(blocks)
    .map(([head, text]) => `${head}:\n${text.trimEnd().replace(/^(?=.)/gm, '  ')}`)
    .join('\n\n');
}

/** The line about a key that was just made. */
export function rootKeyLine(key: string): string {
  return `Root API key, shown this once and never again:\n\n  ${key}\n\n`;
}

/** The line about a password that was just made. */
export function rootPasswordLine(password: string): string {
  return `Password of the user root, shown this once, to be changed at the first sign-in:\n\n  ${password}\n\n`;
}

function providersLine(models: GreetingFacts['models']): string {
  const providers = [...new Set(models.map(({ provider }) => provider))];
  if (providers.length === 0) return 'No model is known. Add a provider: npm run cli -- providers add --help';
  if (providers.length === 1 && providers[0] === 'demo') {
    return 'No provider is set up: the built-in demo answers, and says how to add a real one.';
  }
  const rest = providers.length - PROVIDERS_SHOWN;
  const names = providers.slice(0, PROVIDERS_SHOWN).join(', ');
  return `Models: ${models.length}, from ${names}${rest > 0 ? ` and ${rest} more` : ''}`;
}
