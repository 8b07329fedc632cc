import type { Behaviour } from '../behaviour.ts';
import { image, text, thinking } from './answers.ts';
import { CLAUDE_CODE_BEHAVIOURS } from './claude-code.ts';
import { CODEX_BEHAVIOURS } from './codex.ts';
import { countTokens } from './counting.ts';
import { GEMINI_CLI_BEHAVIOURS, OPENCODE_BEHAVIOURS } from './others.ts';
import { parallelTools, tools } from './tools.ts';
import { contextOverflow, cut, rateLimit, rateLimitWithoutDelay } from './trouble.ts';

/** What every client is made to do. */
export const SHARED_BEHAVIOURS: readonly Behaviour[] = [
  text,
  tools,
  parallelTools,
  thinking,
  image,
  rateLimit,
  rateLimitWithoutDelay,
  cut,
  contextOverflow,
  countTokens,
];

/** What one client does besides. */
export const OWN_BEHAVIOURS: readonly Behaviour[] = [
  ...CLAUDE_CODE_BEHAVIOURS,
  ...CODEX_BEHAVIOURS,
  ...OPENCODE_BEHAVIOURS,
  ...GEMINI_CLI_BEHAVIOURS,
];
