// Reasoning that a client cannot carry. A model's thoughts before a tool call have to come back with the call's result:
// some providers refuse the request otherwise, others answer worse. Chat Completions has no field for what is hidden in
// them and many of its clients send no thoughts at all; Gemini's clients send signatures but no thoughts. For those the
// thoughts are kept here, by the id of the call that followed them.
//
// Each edge keeps its own, in memory. When they are gone, after a restart or at another edge, the request goes without
// them: dialects then send what the provider accepts in their place.

import type { DialectName, Event, Part, Request, ThinkingPart, Turn } from '@ai-switch/dialects';
import { BoundedMemory } from './bounded-memory.ts';

/** Clients of these dialects do not send back all that they were shown. */
const FORGETFUL: ReadonlySet<DialectName> = new Set(['openai-chat', 'gemini']);

/** A client of Responses carries thoughts only where it asked for them in their encrypted form. */
function isForgetful(client: DialectName, { isEncryptedReasoningWanted }: Request): boolean {
  return FORGETFUL.has(client) || (client === 'openai-responses' && isEncryptedReasoningWanted !== true);
}

export interface ReasoningLimits {
  readonly reasoningCallsMax: number;
  readonly reasoningCharactersMax: number;
}

export class ReasoningStore {
  readonly #kept: BoundedMemory<readonly ThinkingPart[]>;

  constructor({ reasoningCallsMax, reasoningCharactersMax }: ReasoningLimits) {
    this.#kept = new BoundedMemory(reasoningCallsMax, reasoningCharactersMax);
  }

  /** Undefined when the client carries its reasoning itself. */
  recorder(client: DialectName, owner: string, request: Request): ReasoningRecorder | undefined {
    return isForgetful(client, request) ? new ReasoningRecorder(this, owner) : undefined;
  }

  /** The request with the thoughts that its calls came with; the same object when none are known. */
  recall(client: DialectName, owner: string, request: Request): Request {
    if (this.#kept.isEmpty || !isForgetful(client, request)) return request;
    let isChanged = false;
    const turns = request.turns.map((turn) => {
      const recalled = turn.role === 'assistant' ? this.#recallTurn(owner, turn) : turn;
      isChanged ||= recalled !== turn;
      return recalled;
    });
    return isChanged ? { ...request, turns } : request;
  }

  keep(owner: string, callId: string, thoughts: readonly ThinkingPart[]): void {
    const characters = thoughts.reduce(
      (sum, { text, signature = '' }) => sum + text.length + signature.length,
      0,
    );
    this.#kept.keep(owner, callId, thoughts, characters);
  }

  #recallTurn(owner: string, turn: Turn): Turn {
    const known = new Map<Part, readonly ThinkingPart[]>();
    for (const part of turn.parts) {
      const kept = part.kind === 'toolCall' ? this.#kept.use(owner, part.id) : undefined;
      if (kept !== undefined) known.set(part, kept);
    }
    if (known.size === 0) return turn;
    const [first] = known.values();
    // A thought that was spoken begins its turn; one without words belongs to the call behind it.
    const spoken = first?.filter((thought) => thought.text !== '') ?? [];
    const parts = turn.parts
      .filter((part) => part.kind !== 'thinking')
      .flatMap((part): readonly Part[] => {
        const thoughts = known.get(part) ?? [];
        return [...(thoughts === first ? thoughts.filter(({ text }) => text === '') : thoughts), part];
      });
    return { ...turn, parts: [...spoken, ...parts] };
  }
}

/** Watches the events of one answer for thoughts that a call follows. */
export class ReasoningRecorder {
  readonly #store: ReasoningStore;
  readonly #owner: string;
  #thoughts: ThinkingPart[] = [];
  #text = '';
  #signature: string | undefined;

  constructor(store: ReasoningStore, owner: string) {
    this.#store = store;
    this.#owner = owner;
  }

  observe(event: Event): void {
    switch (event.type) {
      case 'partStart':
        this.#endThought();
        if (event.part.kind === 'toolCall' && this.#thoughts.length > 0) {
          this.#store.keep(this.#owner, event.part.id, this.#thoughts);
          this.#thoughts = [];
        }
        return;
      case 'thinkingDelta':
        this.#text += event.text;
        return;
      case 'signature':
        this.#signature = event.signature;
        return;
    }
  }

  #endThought(): void {
    const signature = this.#signature;
    if (this.#text !== '' || signature !== undefined) {
      this.#thoughts.push({
        kind: 'thinking',
        text: this.#text,
        ...(signature !== undefined && { signature }),
      });
    }
    this.#text = '';
    this.#signature = undefined;
  }
}
