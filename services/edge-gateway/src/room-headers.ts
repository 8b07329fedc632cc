// What is left of a caller's quota, in the head of an answer: in a header of ours for everybody, and in those that the
// clients of each dialect show. Nothing where nothing bounds the caller. Never Anthropic's `unified` headers: by them Claude
// Code warns of a subscription's limits, which these are not.
//
// https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers
// https://docs.claude.com/en/api/rate-limits#response-headers

import { type Room, TokenType } from '@ai-switch/contracts';
import { isoOf, wordOf } from './denial.ts';

/** Names and values, one after the other. */
export function roomHeaders(dialect: string, rooms: readonly Room[], nowMs: number): readonly string[] {
  if (rooms.length === 0) return [];
  const headers = ['x-aiswitch-quota-remaining', rooms.map(ownWords).join(', ')];
  const output = rooms.find(({ tokenType }) => tokenType === TokenType.OUTPUT);
  const input = rooms.find(({ tokenType }) => tokenType === TokenType.INPUT);
  if (dialect === 'anthropic-messages') {
    if (input !== undefined) headers.push(...anthropicHeaders('input', input));
    if (output !== undefined) headers.push(...anthropicHeaders('output', output));
    return headers;
  }
  const shown = output ?? input;
  if (shown === undefined || dialect === 'gemini') return headers;
  headers.push(...openaiHeaders(shown, nowMs));
  if (dialect === 'openai-responses') headers.push(...codexHeaders(shown, nowMs));
  return headers;
}

function ownWords({ tokenType, bucket, remaining, resetsAtMs }: Room): string {
  const reset = resetsAtMs === undefined ? '' : `;reset=${isoOf(resetsAtMs)}`;
  return `${wordOf(tokenType)}=${remaining};bucket=${encodeURIComponent(bucket)}${reset}`;
}

function anthropicHeaders(type: 'input' | 'output', { limit, remaining, resetsAtMs }: Room): string[] {
  const name = `anthropic-ratelimit-${type}-tokens`;
  return [
    ...[`${name}-limit`, String(limit), `${name}-remaining`, String(remaining)],
    ...(resetsAtMs === undefined ? [] : [`${name}-reset`, isoOf(resetsAtMs)]),
  ];
}

function openaiHeaders({ limit, remaining, resetsAtMs }: Room, nowMs: number): string[] {
  return [
    ...['x-ratelimit-limit-tokens', String(limit), 'x-ratelimit-remaining-tokens', String(remaining)],
    ...(resetsAtMs === undefined ? [] : ['x-ratelimit-reset-tokens', `${secondsUntil(resetsAtMs, nowMs)}s`]),
  ];
}

/** Codex shows them in its status line and under /status. */
function codexHeaders({ limit, remaining, resetsAtMs }: Room, nowMs: number): string[] {
  const usedPercent = limit === 0n ? 100 : Number(((limit - remaining) * 1_000n) / limit) / 10;
  const headers = ['x-codex-primary-used-percent', String(usedPercent)];
  if (resetsAtMs === undefined) return headers;
  const seconds = secondsUntil(resetsAtMs, nowMs);
  headers.push('x-codex-primary-window-minutes', String(Math.ceil(seconds / 60)));
  headers.push('x-codex-primary-reset-at', String(resetsAtMs / 1_000n));
  return headers;
}

function secondsUntil(timeMs: bigint, nowMs: number): number {
  return Math.max(0, Math.ceil((Number(timeMs) - nowMs) / 1_000));
}
