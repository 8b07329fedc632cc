import type { Capabilities } from '@ai-switch/dialects';
import { findProviderKind } from './providers.ts';
import type { UpstreamTarget } from './request-headers.ts';

/** What differs from model to model of one provider. */
interface ModelCapabilities {
  readonly kinds: readonly string[];
  /** Matched with the name at the provider, in lower case. Later rows are stronger. */
  readonly models: RegExp;
  readonly capabilities: Capabilities;
}

const GLM = ['glm', 'glm-coding', 'zai', 'zai-coding'];

// From the providers' own tables of models, November 2026.
const MODEL_CAPABILITIES: readonly ModelCapabilities[] = [
  { kinds: ['openai'], models: /^(?:gpt-3\.5|gpt-4(?:-|$))/, capabilities: { outputSchema: false } },
  {
    kinds: ['anthropic', 'bedrock'],
    models: /claude-(?:3|2|instant)/,
    capabilities: { outputSchema: false, systemTurns: false },
  },
  // "parameter.enable_thinking must be set to false for non-streaming calls": open weights, and models that always think.
  { kinds: ['qwen'], models: /^(?:qwq|qvq)/, capabilities: { isStreamOnly: true } },
  {
    kinds: ['qwen'],
    models: /^qwen3(?:\.\d)?-(?:.*\d+b|.*thinking)|-omni/,
    capabilities: { isStreamOnly: true },
  },
  { kinds: ['qwen'], models: /^(?:qwen(?!3\.[7-9]|[4-9])|qwq|qvq)/, capabilities: { outputSchema: false } },
  { kinds: ['qwen'], models: /^(?:qwen(?!.*(?:vl|omni|3\.[5-9]))|qwq)/, capabilities: { images: false } },
  {
    kinds: GLM,
    models: /^glm-4/,
    capabilities: { toolChoice: false },
  },
  {
    kinds: [...GLM, 'glm-anthropic', 'zai-anthropic'],
    models: /^glm-\d+(?:\.\d+)?(?!v|\.|\d)/,
    capabilities: { images: false },
  },
  { kinds: ['minimax', 'minimax-anthropic'], models: /^minimax-m[12]/, capabilities: { images: false } },
  // "tool_choice 'required' is incompatible with thinking enabled"
  { kinds: ['moonshot'], models: /^kimi-/, capabilities: { toolChoice: false, sampling: false } },
  { kinds: ['deepseek'], models: /^deepseek-(?:r1|reasoner)/, capabilities: { sampling: false } },
];

/** What is known of a target: of its kind, of its model, and, strongest, what somebody set. */
export function capabilitiesOf(target: UpstreamTarget): Capabilities {
  const model = target.model.toLowerCase();
  let known = findProviderKind(target.kind)?.capabilities ?? NOTHING;
  for (const row of MODEL_CAPABILITIES) {
    if (row.kinds.includes(target.kind) && row.models.test(model)) known = { ...known, ...row.capabilities };
  }
  return withCapabilities(known, target.capabilities);
}

const NOTHING: Capabilities = {};

/** With what is set in `stronger` over what is known: a field that has no value hides none that has. */
export function withCapabilities(known: Capabilities, stronger: Capabilities | undefined): Capabilities {
  if (stronger === undefined) return known;
  const set = Object.entries(stronger).filter(([, value]) => value !== undefined);
  return { ...known, ...Object.fromEntries(set) };
}

/** Who makes reasoning here: what one provider's account and model hide is of use to nobody else. */
export function originOf({ provider, model }: Pick<UpstreamTarget, 'provider' | 'model'>): string {
  return `${provider}/${model}`;
}
