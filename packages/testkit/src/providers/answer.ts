// What the scripted provider says, before it is put into the words of a dialect.

export interface ScriptedAnswer {
  /** The pieces of the text; a stream sends each as one frame. */
  readonly text?: readonly string[];
  readonly thinking?: readonly string[];
  /** A thought that is hidden whole, where the dialect has such a thing (Anthropic, Responses). */
  readonly isThinkingRedacted?: boolean;
  readonly tools?: readonly ScriptedTool[];
  /** What the model says instead when it will not answer; each dialect has its own place for it. */
  readonly refusal?: string;
  /** `blocked`: the prompt was refused and nothing was said. */
  readonly finish?: 'stop' | 'length' | 'blocked';
  /** `none`: the provider sends no usage at all. */
  readonly usage?: ScriptedUsage | 'none';
  /** In the dialect's own words; follows from the tools otherwise. */
  readonly stopReason?: string;
  /** An error frame in place of the frame with this number. */
  readonly errorAtFrame?: number;
  /** An error frame once this many pieces of thinking, text and arguments were sent. */
  readonly errorAfterPieces?: number;
}

export interface ScriptedTool {
  /** Without one each provider makes its own, as it would; Gemini sends none. */
  readonly id?: string;
  readonly name: string;
  /** The pieces of the arguments' JSON text; of a custom tool the input itself. */
  readonly arguments: readonly string[];
}

export interface ScriptedUsage {
  /** Not from the provider's cache. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  /** Of the output. */
  readonly reasoning?: number;
}

const DEFAULT_TEXT = ['Hello', ' from', ' the provider.'];
const DEFAULT_USAGE: ScriptedUsage = { input: 11, output: 7 };

/** The text that is said, which is a greeting when the script asks for nothing at all. */
export function textOf(answer: ScriptedAnswer): readonly string[] {
  if (answer.text !== undefined) return answer.text;
  const isSilent = answer.tools !== undefined || answer.refusal !== undefined || answer.finish === 'blocked';
  return isSilent ? [] : DEFAULT_TEXT;
}

export function usageOf(answer: ScriptedAnswer): ScriptedUsage | undefined {
  return answer.usage === 'none' ? undefined : (answer.usage ?? DEFAULT_USAGE);
}

/** @param mark of the request: calls of one conversation have different ids */
export function callIdOf(tool: ScriptedTool, index: number, prefix: string, mark: string): string {
  return tool.id ?? `${prefix}${mark}${index}`;
}
