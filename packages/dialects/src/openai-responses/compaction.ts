// Codex with OpenAI's own provider has the conversation made shorter by the provider: it appends a `compaction_trigger`
// and wants exactly one `compaction` item back, which stands for everything before it from then on. Where another
// provider answers, it is asked for a summary in words; that travels in an envelope in the item's `encrypted_content`.

import type { JsonObject } from '../json/value.ts';

export const COMPACTION_REQUEST =
  'Summarize this conversation for a colleague who takes over now and sees nothing of it but your summary. Say what ' +
  'was asked for and what was decided; what has been done, with the names of the files, commands and identifiers that ' +
  'matter; what was found out; what is still to be done, in order; and any instruction of the user that still holds. ' +
  'Write the summary only, and call no tool.';

const PREFIX = 'aisw1c.';
const PREAMBLE = 'The conversation so far was summarized as follows:\n\n';

export function compactionItem(id: string, summary: string): JsonObject {
  const encrypted = PREFIX + Buffer.from(summary, 'utf8').toString('base64url');
  return { id, type: 'compaction', encrypted_content: encrypted };
}

/** The words of a summary that was made here; undefined for one of a provider's own. */
export function openCompaction(encrypted: string | undefined): string | undefined {
  if (encrypted === undefined || !encrypted.startsWith(PREFIX)) return undefined;
  return PREAMBLE + Buffer.from(encrypted.slice(PREFIX.length), 'base64url').toString('utf8');
}

/** Whether a text is a summary that came out of an envelope. */
export function isOurSummary(text: string): boolean {
  return text.startsWith(PREAMBLE);
}
