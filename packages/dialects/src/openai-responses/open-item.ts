// An item of a stream that passes through, as far as it came.

import { listOf, numberOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';

type Event = JsonObject & { readonly type: string };

/** A part of a message's or a thought's content, or of a thought's summary. */
interface Part {
  readonly form: Form;
  readonly index: number;
  /** As the provider announced it; undefined when only pieces of it came. */
  announced: JsonObject | undefined;
  text: string;
  readonly annotations: JsonValue[];
  isTextDone: boolean;
  isDone: boolean;
}

interface Form {
  readonly type: 'output_text' | 'refusal' | 'reasoning_text' | 'summary_text';
  /** Where its words stand in it. */
  readonly field: 'text' | 'refusal';
  /** The list that it stands in, and what its number is called. */
  readonly list: 'content' | 'summary';
  readonly indexName: 'content_index' | 'summary_index';
  /** Of the events that bring its words. */
  readonly words: string;
  /** Of the events around it. */
  readonly around: string;
}

export class OpenItem {
  readonly #added: JsonObject;
  readonly #place: number;
  readonly #parts: Part[] = [];

  /** @param place in the output */
  constructor(added: JsonObject, place: number) {
    this.#added = added;
    this.#place = place;
  }

  /** Messages and thoughts make sense as far as they came. */
  get isClosable(): boolean {
    return this.#added.type === 'message' || this.#added.type === 'reasoning';
  }

  observe(type: string, event: JsonObject): void {
    if (!this.isClosable) return;
    const form = FORMS.find(({ words, around, type: part }) =>
      type.startsWith(`${words}.`)
        ? true
        : type.startsWith(`${around}.`) && (event.part as JsonObject | undefined)?.type === part,
    );
    if (form === undefined) return;
    const part = this.#part(form, numberOf(event[form.indexName]) ?? 0);
    switch (type.slice(type.lastIndexOf('.') + 1)) {
      case 'delta':
        part.text += stringOf(event.delta) ?? '';
        return;
      case 'added':
        if (type.endsWith('annotation.added')) part.annotations.push(event.annotation ?? null);
        else part.announced = event.part as JsonObject;
        return;
      case 'done':
        if (type.startsWith(`${form.around}.`)) {
          part.announced = event.part as JsonObject;
          part.isDone = true;
        } else {
          part.text = stringOf(event[form.field]) ?? part.text;
          part.isTextDone = true;
        }
    }
  }

  /** The events that end it. */
  close(): readonly Event[] {
    const itemId = stringOf(this.#added.id);
    const place = { ...(itemId !== undefined && { item_id: itemId }), output_index: this.#place };
    const ends = this.#parts.flatMap((part): readonly Event[] => {
      const { form, index, text } = part;
      const where = { ...place, [form.indexName]: index };
      const words = { type: `${form.words}.done`, ...where, [form.field]: text, ...probabilities(form) };
      const around = { type: `${form.around}.done`, ...where, part: finished(part) };
      const isAroundOpen = !part.isDone && part.announced !== undefined;
      return [...(part.isTextDone ? [] : [words]), ...(isAroundOpen ? [around] : [])];
    });
    const done = { type: 'response.output_item.done', output_index: this.#place, item: this.item() };
    return [...ends, done];
  }

  /** The whole item. The hidden form of a thought is whole only in one that is done: the provider would refuse another. */
  item(): JsonObject {
    const { encrypted_content: _, ...added } = this.#added;
    const listed = (list: Form['list']) =>
      this.#parts
        .filter(({ form }) => form.list === list)
        .sort((one, other) => one.index - other.index)
        .map(finished);
    const content = listed('content');
    const isMessage = added.type === 'message';
    return {
      ...added,
      ...((isMessage || 'status' in added) && { status: 'incomplete' }),
      ...(!isMessage && { summary: listed('summary') }),
      ...((isMessage || content.length > 0) && { content }),
    };
  }

  #part(form: Form, index: number): Part {
    const known = this.#parts.find((part) => part.form === form && part.index === index);
    if (known !== undefined) return known;
    const part = {
      form,
      index,
      announced: undefined,
      text: '',
      annotations: [],
      isTextDone: false,
      isDone: false,
    };
    this.#parts.push(part);
    return part;
  }
}

const FORMS: readonly Form[] = [
  {
    type: 'output_text',
    field: 'text',
    list: 'content',
    indexName: 'content_index',
    words: 'response.output_text',
    around: 'response.content_part',
  },
  {
    type: 'refusal',
    field: 'refusal',
    list: 'content',
    indexName: 'content_index',
    words: 'response.refusal',
    around: 'response.content_part',
  },
  {
    type: 'reasoning_text',
    field: 'text',
    list: 'content',
    indexName: 'content_index',
    words: 'response.reasoning_text',
    around: 'response.content_part',
  },
  {
    type: 'summary_text',
    field: 'text',
    list: 'summary',
    indexName: 'summary_index',
    words: 'response.reasoning_summary_text',
    around: 'response.reasoning_summary_part',
  },
];

function probabilities({ type }: Form): JsonObject {
  return type === 'output_text' ? { logprobs: [] } : {};
}

/** Probabilities came with the words and are not kept. */
function finished({ form, announced, text, annotations, isDone }: Part): JsonObject {
  if (isDone && announced !== undefined) return announced;
  const isText = form.type === 'output_text';
  return {
    ...announced,
    type: form.type,
    [form.field]: text,
    ...(isText && { annotations: [...listOf(announced?.annotations), ...annotations], logprobs: [] }),
  };
}
