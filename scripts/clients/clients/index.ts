import type { Client } from '../client.ts';
import { claudeCode } from './claude-code.ts';
import { codex } from './codex.ts';
import { geminiCli } from './gemini-cli.ts';
import { opencodes } from './opencode.ts';

export const CLIENTS: readonly Client[] = [claudeCode, codex, ...opencodes, geminiCli];
