// Holds a model's tool calls back until they are whole and were inspected. Everything behind the beginning of a call waits
// with it, so that what comes out is what came in, in its order. A blocked call never comes out, nor anything after it.

import type { SpokenCall } from '@ai-switch/dialects';
import type { Fault } from '@ai-switch/kernel';
import type { Inspector } from './inspector.ts';

export class CallHold<Piece> {
  readonly #inspector: Inspector;
  readonly #bytesMax: number;
  #held: Piece[] = [];
  #heldBytes = 0;
  /** What the client is told; from then on nothing comes out. */
  blocked: Fault | undefined;

  /** @param bytesMax what may be held of one answer */
  constructor(inspector: Inspector, bytesMax: number) {
    this.#inspector = inspector;
    this.#bytesMax = bytesMax;
  }

  get isHolding(): boolean {
    return this.#held.length > 0 || this.blocked !== undefined;
  }

  /**
   * @param bytes the size of the piece
   * @param calls those that are whole with it
   * @param isOpen something of a call came whose rest did not
   * @returns what may go out
   */
  pass(piece: Piece, bytes: number, calls: readonly SpokenCall[], isOpen: boolean): readonly Piece[] {
    if (this.blocked !== undefined) return [];
    if (calls.length > 0 && this.#isBlocked(calls)) return [];
    if (!this.#inspector.isHoldingCalls || (!isOpen && this.#held.length === 0)) return [piece];
    this.#held.push(piece);
    this.#heldBytes += bytes;
    if (!isOpen) return this.#release();
    if (this.#heldBytes > this.#bytesMax) this.#block(this.#inspector.refuseUninspected('toolCall', 'size'));
    return [];
  }

  /** Call once when no more comes. @param calls what was still open, as far as it came */
  end(calls: readonly SpokenCall[]): readonly Piece[] {
    if (this.blocked !== undefined || this.#isBlocked(calls)) return [];
    return this.#release();
  }

  #isBlocked(calls: readonly SpokenCall[]): boolean {
    const fault = this.#inspector.inspectCalls(calls);
    if (fault === undefined) return false;
    this.#block(fault);
    return true;
  }

  #block(fault: Fault): void {
    this.blocked = fault;
    this.#held = [];
  }

  #release(): readonly Piece[] {
    this.#heldBytes = 0;
    return this.#held.splice(0);
  }
}
