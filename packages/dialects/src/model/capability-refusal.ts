// What a provider says when it refuses a request for something that it cannot do. Claude Code asks again without it when
// it is told by one of these words, and the gateway itself goes on without thoughts of another model's.
// https://code.claude.com/docs/en/llm-gateway-protocol

import { overflowCounts } from './context-overflow.ts';

/** The class of what is refused, undefined for a refusal of another kind. @param message of a refusal with a 4xx status */
export function refusedCapability(message: string): string | undefined {
  const beta = /unexpected value\(?s?\)? ["'`]?([\w.-]{1,80})["'`]? for the ["'`]?anthropic-beta/i.exec(
    message,
  );
  if (beta !== null) return `beta_header:${beta[1]}`;
  const thinking = THINKING_TYPE.exec(message);
  if (thinking !== null) return `thinking_type:${(thinking[1] ?? thinking[2] ?? '').toLowerCase()}`;
  if (isAnswerTooLong(message)) return 'max_tokens_context_overflow';
  return CLASSES.find(([, pattern]) => pattern.test(message))?.[0];
}

/** The prompt fits, and together with the answer that is wanted it does not. */
function isAnswerTooLong(message: string): boolean {
  if (/max_(?:completion_)?tokens.{0,60}(?:exceed context limit|is too large).{0,80}\d > /i.test(message))
    return true;
  const counts = overflowCounts(message);
  return counts !== undefined && counts.tokens <= counts.tokensMax;
}

/** "`thinking.type.enabled` is not supported for this model", "adaptive thinking is not supported on this model" */
const THINKING_TYPE =
  /thinking\.type\W{1,4}(enabled|adaptive|disabled)\W{1,3}(?:is|are) not supported|(enabled|adaptive) thinking is not supported/i;

/** What cannot be done, in the words of those who cannot. */
const UNABLE =
  '(?:not (?:currently )?support(?:ed)?|unsupported|only supported|unavailable|not permitted|not available)';

const CLASSES: readonly (readonly [string, RegExp])[] = [
  // Anthropic, Gemini twice, OpenAI: "The encrypted content … could not be verified."
  [
    'thinking_signature',
    /invalid ["'`]?signature["'`]? in|thought[_ ]signature|encrypted content.{0,80}could not be/i,
  ],
  // "messages.1.role: Input should be 'user' or 'assistant'", 'Unexpected role "system"', Qwen's and others' templates
  [
    'mid_conv_system',
    /unexpected role ["'`]?system|role: input should be 'user' or 'assistant'|system (?:message|role).{0,40}(?:must be|only|not supported|at the beginning|first)|role ["'`]?system["'`]? is not/i,
  ],
  [
    'cache_control_field',
    new RegExp(
      `cache_control.{0,60}(?:extra inputs|unknown|unrecognized|${UNABLE})|(?:unknown|unrecognized).{0,40}cache_control`,
      'i',
    ),
  ],
  [
    'effort_unsupported',
    new RegExp(
      `(?:effort["'\`]?(?: parameter)?.{0,60}${UNABLE}|(?:${UNABLE}|not support the|unrecognized request argument).{0,60}effort)`,
      'i',
    ),
  ],
  // OpenAI: "'response_format' of type 'json_schema' is not supported with this model", DeepSeek: "This response_format type is unavailable now"
  [
    'structured_outputs_unsupported',
    new RegExp(
      `(?:response_format|output_config\\.format|output_format|json_schema|structured outputs?).{0,80}${UNABLE}|not support.{0,40}(?:structured output|json_schema)`,
      'i',
    ),
  ],
  ['media_budget', /too many (?:total )?(?:images|media|pdf pages)|images? exceeds?.{0,40}(?:count|number)/i],
  // OpenAI: "Invalid content type. image_url is only supported by certain models", DeepSeek: "unknown variant `image_url`, expected `text`"
  [
    'image_block',
    new RegExp(
      `(?:image(?:_url|s)?\\b|image inputs?|vision).{0,60}${UNABLE}|not support (?:image|vision)|support image input|unknown variant ["'\`]?(?:input_)?image`,
      'i',
    ),
  ],
  [
    'document_block',
    new RegExp(
      `(?:document|pdf|file)s?\\b.{0,40}${UNABLE}|not support (?:document|pdf|file)|unknown variant ["'\`]?(?:input_)?(?:file|document)`,
      'i',
    ),
  ],
];
