import type { Client } from '../client.ts';
import { openaiSdkChat, openCodeChat } from './chat.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { cursorBlocks, cursorResponses } from './cursor.ts';
import { geminiCli } from './gemini-cli.ts';
import { openCodeGemini, openCodeMessages, openCodeResponses } from './open-code.ts';

export const CLIENTS: readonly Client[] = [
  claudeCode(),
  claudeCode({ hasBudget: true }),
  codex('gpt-5.5'),
  codex('an unknown model'),
  codex('its default model'),
  openCodeChat,
  openCodeResponses,
  openCodeMessages,
  openCodeGemini,
  openaiSdkChat,
  geminiCli,
  cursorResponses,
  cursorBlocks,
];
