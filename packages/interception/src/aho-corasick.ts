// Finds every one of many texts in one pass: Aho and Corasick, "Efficient string matching", Communications of the ACM 18
// (1975). The nodes near the root, where nearly all of a text is spent, have their edges for ASCII in one table; all other
// edges are in a map, so that many long words cost no more than their characters.

const ASCII = 128;
const DENSE_MAX = 4_096;
const NONE = -1;
const CODES = 65_536;

export class AhoCorasick {
  /** Dense node × character → node. */
  readonly #steps: Int32Array;
  readonly #dense: number;
  /** `node × CODES + character` → node. */
  readonly #edges = new Map<number, number>();
  readonly #failures: number[] = [0];
  /** The words that end at each node, with those of the nodes that it falls back to. */
  readonly #words: number[][] = [[]];
  readonly #lengths: readonly number[];

  /** Words are numbered by their place; an empty one is never found. */
  constructor(words: readonly string[]) {
    const nodesMax = words.reduce((sum, word) => sum + word.length, 1);
    this.#dense = Math.min(nodesMax, DENSE_MAX);
    this.#steps = new Int32Array(this.#dense * ASCII).fill(NONE);
    this.#lengths = words.map((word) => word.length);
    for (const [index, word] of words.entries()) if (word !== '') this.#add(word, index);
    this.#link();
  }

  /**
   * Goes through a stretch of a text.
   *
   * @param node what the stretch before ended with; 0 at the beginning
   * @param found gets each occurrence in order of its end
   * @returns what the next stretch begins with
   */
  search(
    text: string,
    stretch: { readonly from: number; readonly to: number; readonly node: number },
    found: (word: number, start: number, end: number) => void,
  ): number {
    let { node } = stretch;
    for (let at = stretch.from; at < stretch.to; at += 1) {
      node = this.#next(node, text.charCodeAt(at));
      const words = this.#words[node];
      if (words === undefined || words.length === 0) continue;
      for (const word of words) found(word, at + 1 - (this.#lengths[word] ?? 0), at + 1);
    }
    return node;
  }

  #add(word: string, index: number): void {
    let node = 0;
    for (let at = 0; at < word.length; at += 1) {
      const code = word.charCodeAt(at);
      let next = this.#edge(node, code);
      if (next === NONE) {
        next = this.#words.length;
        this.#words.push([]);
        this.#failures.push(0);
        this.#setEdge(node, code, next);
      }
      node = next;
    }
    this.#words[node]?.push(index);
  }

  /** Breadth first, so that what a node falls back to is finished before it. */
  #link(): void {
    const edgesOf = new Map<number, [code: number, to: number][]>();
    for (const [key, to] of this.#edges) {
      const from = Math.floor(key / CODES);
      const edges = edgesOf.get(from);
      if (edges === undefined) edgesOf.set(from, [[key % CODES, to]]);
      else edges.push([key % CODES, to]);
    }
    const queue: number[] = [0];
    for (const node of queue) {
      const edges = edgesOf.get(node) ?? [];
      const failure = this.#failures[node] ?? 0;
      for (let code = 0; code < ASCII && node < this.#dense; code += 1) {
        const to = this.#steps[node * ASCII + code] ?? NONE;
        if (to !== NONE) edges.push([code, to]);
        else this.#steps[node * ASCII + code] = node === 0 ? 0 : this.#next(failure, code);
      }
      for (const [code, to] of edges) {
        const fallback = node === 0 ? 0 : this.#next(failure, code);
        this.#failures[to] = fallback;
        this.#words[to]?.push(...(this.#words[fallback] ?? []));
        queue.push(to);
      }
    }
  }

  #next(from: number, code: number): number {
    let node = from;
    for (;;) {
      if (code < ASCII && node < this.#dense) return this.#steps[node * ASCII + code] ?? 0;
      const to = this.#edges.get(node * CODES + code);
      if (to !== undefined) return to;
      if (node === 0) return 0;
      node = this.#failures[node] ?? 0;
    }
  }

  #edge(node: number, code: number): number {
    if (code < ASCII && node < this.#dense) return this.#steps[node * ASCII + code] ?? NONE;
    return this.#edges.get(node * CODES + code) ?? NONE;
  }

  #setEdge(node: number, code: number, to: number): void {
    if (code < ASCII && node < this.#dense) this.#steps[node * ASCII + code] = to;
    else this.#edges.set(node * CODES + code, to);
  }
}
