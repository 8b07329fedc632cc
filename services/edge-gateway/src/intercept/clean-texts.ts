import { hash } from 'node:crypto';

/**
 * Texts that were inspected whole and hit nothing, so that a conversation, which is sent again with every turn, is matched
 * once by the same rules. Known by a digest alone, which nobody can make two texts of; bounded by keeping the two youngest generations.
 */
export class CleanTexts {
  readonly #generationMax: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(entriesMax: number) {
    this.#generationMax = Math.max(1, Math.floor(entriesMax / 2));
  }

  /** Undefined for a text that is matched sooner than it is looked up. */
  keyOf(rules: number, surface: string, text: string): string | undefined {
    if (text.length < SHORT_CHARACTERS) return undefined;
    return hash('sha256', `${rules}\n${surface}\n${text}`, 'base64');
  }

  has(key: string): boolean {
    if (this.#young.has(key)) return true;
    if (!this.#old.has(key)) return false;
    this.add(key);
    return true;
  }

  add(key: string): void {
    this.#young.add(key);
    if (this.#young.size < this.#generationMax) return;
    this.#old = this.#young;
    this.#young = new Set();
  }
}

const SHORT_CHARACTERS = 64;
