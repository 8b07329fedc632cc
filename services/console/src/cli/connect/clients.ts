import { CliError } from '../cli-error.ts';
import { claudeCode } from './claude-code.ts';
import type { Client } from './client-setup.ts';
import { codex } from './codex.ts';
import { cursor } from './cursor.ts';
import { gemini } from './gemini.ts';
import { openaiSdk } from './openai-sdk.ts';
import { opencode } from './opencode.ts';

export const CLIENTS: readonly Client[] = [claudeCode, codex, opencode, cursor, gemini, openaiSdk];

/** @throws CliError that lists the clients */
export function findClient(name: string): Client {
  const client = CLIENTS.find((each) => each.name === name);
  if (client !== undefined) return client;
  const names = CLIENTS.map((each) => each.name).join(', ');
  throw new CliError(`there is no client "${name.slice(0, 64)}" here; these are: ${names}`, 2);
}
