import type { Event, SpokenCall } from '@ai-switch/dialects';

/** The tool calls among the events of one answer. */
export class EventCalls {
  readonly #open = new Map<number, { readonly name: string; text: string }>();

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** @returns the calls that are whole with this event */
  observe(event: Event): readonly SpokenCall[] {
    switch (event.type) {
      case 'partStart':
        if (event.part.kind === 'toolCall') this.#open.set(event.index, { name: event.part.name, text: '' });
        return NONE;
      case 'argumentsDelta': {
        const call = this.#open.get(event.index);
        if (call !== undefined) call.text += event.text;
        return NONE;
      }
      case 'partStop': {
        const call = this.#open.get(event.index);
        this.#open.delete(event.index);
        return call === undefined ? NONE : [{ name: call.name, argumentsText: call.text }];
      }
      case 'finish':
        return this.end();
      default:
        return NONE;
    }
  }

  /** @returns what is still open, as far as it came */
  end(): readonly SpokenCall[] {
    const calls = [...this.#open.values()].map(({ name, text }) => ({ name, argumentsText: text }));
    this.#open.clear();
    return calls;
  }
}

const NONE: readonly SpokenCall[] = [];

/** The calls of a whole answer. */
export function callsOfEvents(events: readonly Event[]): readonly SpokenCall[] {
  const calls = new EventCalls();
  return [...events.flatMap((event) => calls.observe(event)), ...calls.end()];
}
