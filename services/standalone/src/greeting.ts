import { findProviderKind } from '@ai-switch/upstream';

export interface GreetingFacts {
  readonly url: string;
  /** Only when it may be shown: at the first start, or when it was just made. */
  readonly key: string | undefined;
  readonly models: readonly { readonly name: string; readonly provider: string }[];
}

const PROVIDERS_SHOWN = 8;

/** What a start prints: where it listens, a request that works, and the lines to paste for each tool. */
export function greeting({ url, key, models }: GreetingFacts): string {
  const model = modelToShow(models);
  const shownKey = key ?? '$AISWITCH_KEY';
  const code = key === undefined ? undefined : JSON.stringify(key);
  return `AI-Switch listens on ${url}
${providersLine(models)}

Try it:
  curl ${url}/v1/chat/completions \\
    -H "Authorization: Bearer ${shownKey}" -H "Content-Type: application/json" \\
    -d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'

Claude Code:
  export ANTHROPIC_BASE_URL=${url}
  export ANTHROPIC_AUTH_TOKEN=${shownKey}
  export ANTHROPIC_MODEL=${model} ANTHROPIC_SMALL_FAST_MODEL=${model}
  export ANTHROPIC_DEFAULT_OPUS_MODEL=${model} ANTHROPIC_DEFAULT_SONNET_MODEL=${model} ANTHROPIC_DEFAULT_HAIKU_MODEL=${model}
  claude

OpenCode (opencode.json in the project):
  {"provider":{"aiswitch":{"npm":"@ai-sdk/openai-compatible","name":"AI-Switch",
    "options":{"baseURL":"${url}/v1","apiKey":"${key ?? '{env:AISWITCH_KEY}'}"},
    "models":{"${model}":{}}}},"model":"aiswitch/${model}","small_model":"aiswitch/${model}"}

Codex:
  Not yet: Codex speaks the Responses dialect (/v1/responses) only, which this version does not serve.

OpenAI SDK:
  Python  OpenAI(base_url="${url}/v1", api_key=${code ?? 'os.environ["AISWITCH_KEY"]'})
  Node    new OpenAI({ baseURL: "${url}/v1", apiKey: ${code ?? 'process.env.AISWITCH_KEY'} })

Administer it: npm run cli -- --help      Stop it: Ctrl-C
`;
}

/** The line about a key that was just made. */
export function rootKeyLine(key: string): string {
  return `Root API key, shown this once and never again:\n\n  ${key}\n\n`;
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

// Lists hold models for other ends than conversation.
const OTHER_ENDS =
  /embed|whisper|tts|audio|image|dall-e|moderation|realtime|transcribe|rerank|video|veo|imagen|sora/i;

/** A model that answers chats: the first that its provider is known for, if there is any. */
function modelToShow(models: GreetingFacts['models']): string {
  const providers = new Set(models.map(({ provider }) => provider));
  const known = [...providers].flatMap((provider) => findProviderKind(provider)?.fallbackModels ?? []);
  const names = models.map(({ name }) => name);
  return (
    known.find((name) => names.includes(name)) ??
    names.find((name) => !OTHER_ENDS.test(name)) ??
    names[0] ??
    '<model>'
  );
}
