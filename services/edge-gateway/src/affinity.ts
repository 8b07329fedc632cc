// What keeps the requests of one conversation at one place: a provider's prompt cache holds the beginning of a
// conversation, and only the account or replica that saw it has that cache.
//
// The client's own name of its conversation comes first, in the headers that programming tools were seen to send; those
// that send none are told by what their requests begin with, which stays the same through a conversation.

import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BILLING_HEADER, type Request } from '@ai-switch/dialects';

const KEY_CHARACTERS_MAX = 256;

/** Never empty, and says nothing about the conversation to who reads it. */
export function affinityKeyOf(headers: IncomingHttpHeaders, request: Request): string {
  const named =
    header(headers, 'x-aiswitch-affinity') ??
    // OpenCode
    header(headers, 'x-session-affinity') ??
    claudeCodeKey(headers) ??
    // Codex
    header(headers, 'thread-id') ??
    header(headers, 'session-id') ??
    header(headers, 'x-codex-turn-state') ??
    request.cacheKey ??
    sessionOf(request.user) ??
    header(headers, 'x-session-id') ??
    request.user ??
    prefixOf(request);
  return digest(named);
}

/** Each of Claude Code's sub-agents has a conversation of its own. */
function claudeCodeKey(headers: IncomingHttpHeaders): string | undefined {
  const session = header(headers, 'x-claude-code-session-id');
  if (session === undefined) return undefined;
  return `${session}/${header(headers, 'x-claude-code-agent-id') ?? ''}`;
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value.slice(0, KEY_CHARACTERS_MAX) : undefined;
}

/** Claude Code's user is a JSON text with the session in it. */
function sessionOf(user: string | undefined): string | undefined {
  if (user === undefined || !user.startsWith('{')) return undefined;
  const session = /"session_id"\s*:\s*"([^"\\]{1,256})"/.exec(user);
  return session?.[1];
}

const PIECE_CHARACTERS_MAX = 4_096;

/**
 * System prompt, tools and the first words of the user: what stays the same from turn to turn. Claude Code's billing line does
 * not.
 */
function prefixOf({ model, system, tools, turns }: Request): string {
  const pieces = [model];
  const add = (text: string) => pieces.push(text.slice(0, PIECE_CHARACTERS_MAX));
  for (const { text } of system) if (!text.startsWith(BILLING_HEADER)) add(text);
  for (const tool of tools) if ('name' in tool) add(tool.name);
  const first = turns.find(({ role }) => role === 'user');
  for (const part of first?.parts ?? []) if (part.kind === 'text') add(part.text);
  return pieces.join('\n');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
