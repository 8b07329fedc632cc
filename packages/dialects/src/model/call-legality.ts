// Chat Completions wants the answers to an assistant's calls right behind it, all of them and nothing between; other
// dialects are freer, and clients cut histories in the middle. This puts turns into that order without losing a word.
//
// Invariant, afterwards: each assistant turn with calls is followed by one user turn that holds exactly the results of
// those calls, in their order; ids are unique; no other result is left.

import type { Part, ToolCallPart, ToolResultPart, Turn } from './request.ts';

export function arrangeToolResults(turns: readonly Turn[]): readonly Turn[] {
  const answers = matchAnswers(turns);
  const arranged: Turn[] = [];
  for (const turn of turns) {
    const parts: Part[] = [];
    const results: ToolResultPart[] = [];
    for (const part of turn.parts) {
      const answer = part.kind === 'toolCall' ? answers.byCall.get(part) : undefined;
      if (part.kind === 'toolResult') {
        if (!answers.matched.has(part)) parts.push(...orphanParts(part));
      } else if (part.kind === 'toolCall' && answer !== undefined) {
        parts.push({ ...part, id: answer.callId });
        results.push(answer);
      } else parts.push(part);
    }
    if (parts.length > 0 || turn.parts.length === 0) arranged.push({ role: turn.role, parts });
    if (results.length > 0) arranged.push({ role: 'user', parts: results });
  }
  return arranged;
}

interface Answers {
  /** The result for every call, under the id that the call gets. */
  readonly byCall: ReadonlyMap<ToolCallPart, ToolResultPart>;
  /** The results of the conversation that found their call. */
  readonly matched: ReadonlySet<ToolResultPart>;
}

function matchAnswers(turns: readonly Turn[]): Answers {
  const byCall = new Map<ToolCallPart, ToolResultPart>();
  const matched = new Set<ToolResultPart>();
  const unanswered = new Map<string, ToolCallPart[]>();
  const idsSeen = new Set<string>();
  for (const turn of turns) {
    for (const part of turn.parts) {
      if (part.kind === 'toolCall' && turn.role === 'assistant') {
        byCall.set(part, noResult(uniqueId(part.id, idsSeen)));
        const calls = unanswered.get(part.id);
        if (calls === undefined) unanswered.set(part.id, [part]);
        else calls.push(part);
      } else if (part.kind === 'toolResult') {
        const call = unanswered.get(part.callId)?.shift();
        const pending = call && byCall.get(call);
        if (call === undefined || pending === undefined) continue;
        byCall.set(call, { ...part, callId: pending.callId });
        matched.add(part);
      }
    }
  }
  return { byCall, matched };
}

/** A second call of an id gets one of its own: two calls with one id are refused. */
function uniqueId(sentId: string, idsSeen: Set<string>): string {
  let id = sentId;
  for (let copy = 2; idsSeen.has(id); copy += 1) id = `${sentId}_${copy}`;
  idsSeen.add(id);
  return id;
}

function noResult(callId: string): ToolResultPart {
  return {
    kind: 'toolResult',
    callId,
    parts: [{ kind: 'text', text: '[no result recorded]' }],
    isError: false,
  };
}

/** A result whose call is gone is told as text, so that what the tool found is not lost. */
function orphanParts(result: ToolResultPart): readonly Part[] {
  const texts = result.parts.filter((part) => part.kind === 'text').map((part) => part.text);
  const others = result.parts.filter((part) => part.kind !== 'text');
  return [{ kind: 'text', text: `[Tool result: ${texts.join('\n')}]` }, ...others];
}
