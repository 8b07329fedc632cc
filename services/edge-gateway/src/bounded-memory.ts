/** What is kept for a while, for its owner alone, within bounds of number and size: what was used longest ago goes first. */
export class BoundedMemory<Value> {
  readonly #entriesMax: number;
  readonly #charactersMax: number;
  /** By owner and name, the one used longest ago first. */
  readonly #kept = new Map<string, { readonly value: Value; readonly characters: number }>();
  #characters = 0;

  constructor(entriesMax: number, charactersMax: number) {
    this.#entriesMax = entriesMax;
    this.#charactersMax = charactersMax;
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  /** @param characters the size of the value */
  keep(owner: string, name: string, value: Value, characters: number): void {
    const key = keyOf(owner, name);
    this.#forget(key);
    this.#kept.set(key, { value, characters: characters + key.length });
    this.#characters += characters + key.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#entriesMax && this.#characters <= this.#charactersMax) break;
      this.#forget(oldest);
    }
  }

  use(owner: string, name: string): Value | undefined {
    const key = keyOf(owner, name);
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.value;
  }

  #forget(key: string): void {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    this.#characters -= kept.characters;
  }
}

function keyOf(owner: string, name: string): string {
  return `${owner}\n${name}`;
}
