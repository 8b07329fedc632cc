// One producer's log against its own chain, against what is signed of it and against the roots that cover it. Pure.

import { chainOf } from '../chain.ts';
import { islandDigest } from './island-digest.ts';
import type { LogState, Point, RootLeaf } from './statements.ts';
import type { RecordLine, TrailFault } from './trail-line.ts';

export interface LogReport {
  readonly records: number;
  /** Sequences that are known of and have never come. */
  readonly missing: number;
  /** Records whose predecessor never came, and that no root names yet. */
  readonly unproven: number;
  /** The last state, when it says that it is in a root and the ones at hand have it not: a later one has to. */
  readonly rooted: LogState | undefined;
}

interface LogVerifierOptions {
  readonly producer: string;
  readonly epoch: number;
  /** What was signed before the records were read. */
  readonly before: LogState | undefined;
  /** What roots say of it, oldest first. */
  readonly leaves: readonly RootLeaf[];
  readonly onFault: (fault: TrailFault) => void;
}

/** Spans that are named one by one. */
const SPANS_MAX = 1_000;

export class LogVerifier {
  readonly #options: LogVerifierOptions;
  readonly #heads = new Map<number, string>();
  readonly #islands = new Map<number, string>();
  #isBegun = false;
  #base: Point = { sequence: 0, chain: '' };
  /** The record before, or the base. */
  #last: Point = { sequence: 0, chain: '' };
  #records = 0;
  #recordsBefore = 0;
  #unproven = 0;
  #gaps: { first: number; last: number }[] = [];
  #announcedChains = new Map<number, string>();

  constructor(options: LogVerifierOptions) {
    this.#options = options;
    for (const { head, base, islands } of options.leaves) {
      this.#pin(head);
      this.#pin(base);
      for (const [first, digest, last, chain] of islands) {
        this.#islands.set(first, digest);
        this.#pin({ sequence: last, chain });
      }
    }
  }

  base(base: Point): void {
    if (this.#isBegun && base.sequence < this.#last.sequence) return;
    this.#isBegun = true;
    this.#base = base;
    this.#last = base;
    this.#comparePinned(base, 'the hash before its oldest record is not the one that a root has');
  }

  record({ sequence, type, data, chain }: RecordLine): void {
    const { producer, epoch, before } = this.#options;
    if (sequence <= this.#last.sequence) {
      this.#fault(sequence, 'it stands behind a later one');
      return;
    }
    if (sequence === this.#last.sequence + 1) {
      const previous = Buffer.from(this.#last.chain === '' ? '0'.repeat(64) : this.#last.chain, 'hex');
      const wanted = chainOf(previous, { producer, epoch }, { sequence, type, data }).toString('hex');
      if (wanted !== chain)
        this.#fault(sequence, 'it is not what its hash is of, or the one before it is not');
    } else {
      this.#gaps.push({ first: this.#last.sequence + 1, last: sequence - 1 });
      if (!this.#islands.has(sequence)) this.#unproven += 1;
    }
    const island = this.#islands.get(sequence);
    if (island !== undefined && island !== islandDigest(type, data))
      this.#fault(sequence, 'it is not the record that a root has');
    this.#last = { sequence, chain };
    this.#comparePinned(this.#last, 'its hash is not the one that a root has');
    this.#records += 1;
    if (before !== undefined && sequence <= before.lastSequence) this.#recordsBefore += 1;
    if (sequence === before?.announced.sequence) this.#announcedChains.set(sequence, chain);
    this.#lastChains.set(sequence, chain);
    if (this.#lastChains.size > LAST_CHAINS_MAX) {
      const [oldest] = this.#lastChains.keys();
      if (oldest !== undefined) this.#lastChains.delete(oldest);
    }
  }

  readonly #lastChains = new Map<number, string>();

  /** @param after what was signed once the records were read */
  end(after: LogState | undefined): LogReport {
    const { before } = this.#options;
    if (before === undefined || after === undefined) {
      return { records: this.#records, missing: 0, unproven: this.#unproven, rooted: undefined };
    }
    const lastSequence = this.#last.sequence;
    if (after.lastSequence > lastSequence)
      this.#gaps.push({ first: lastSequence + 1, last: after.lastSequence });
    if (lastSequence > after.lastSequence) this.#fault(lastSequence, 'nobody vouches for a record so late');
    this.#checkCounts(before, after);
    this.#checkBases(before, after);
    this.#checkAnnounced(after);
    this.#checkRoots(after);
    const missing = this.#gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0);
    const newest = this.#options.leaves.at(-1);
    const rooted = after.isRooted && !isOf(newest, after) ? after : undefined;
    return { records: this.#records, missing, unproven: this.#unproven, rooted };
  }

  /** What was there stays there, but for what goes because of its age. */
  #checkCounts(before: LogState, after: LogState): void {
    const isGone = this.#recordsBefore < before.stored - after.deleted;
    const covered = this.#options.leaves.at(-1)?.head.sequence ?? 0;
    let named = 0;
    for (const { first, last } of this.#gaps) {
      if (!isGone && first > covered) continue;
      named += 1;
      if (named > SPANS_MAX) break;
      this.#fault(
        first,
        first === last ? 'it was stored and is gone' : `up to ${last}: some were stored and are gone`,
      );
    }
    if (isGone && named === 0) this.#fault(0, 'there are fewer records than were stored');
    if (this.#records > after.stored - before.deleted)
      this.#fault(this.#last.sequence, 'there are more records than were stored');
    const isBack =
      after.stored < before.stored ||
      after.lastSequence < before.lastSequence ||
      after.deleted < before.deleted;
    if (isBack) this.#fault(0, 'its state went back while it was read');
  }

  #checkBases(before: LogState, after: LogState): void {
    const { sequence, chain } = this.#base;
    const isBetween = sequence >= before.base.sequence && sequence <= after.base.sequence;
    const isSame = [before.base, after.base].every(
      (base) => base.sequence !== sequence || base.chain === chain,
    );
    if (!isBetween || !isSame)
      this.#fault(sequence, 'the hash before its oldest record is not the signed one');
  }

  #checkAnnounced({ announced }: LogState): void {
    const stored =
      announced.sequence === this.#base.sequence
        ? this.#base.chain
        : (this.#lastChains.get(announced.sequence) ?? this.#announcedChains.get(announced.sequence));
    if (announced.sequence > 0 && stored !== undefined && stored !== announced.chain)
      this.#fault(announced.sequence, 'its hash is not the one that its producer announced');
    if (announced.isFinal && this.#last.sequence > announced.sequence)
      this.#fault(this.#last.sequence, 'it stands behind what its producer announced as the last');
  }

  #checkRoots(after: LogState): void {
    const newest = this.#options.leaves.at(-1);
    if (newest === undefined) return;
    const isBehind =
      after.lastSequence < newest.lastSequence ||
      after.stored < newest.stored ||
      after.base.sequence < newest.base.sequence;
    if (isBehind) this.#fault(0, 'its state is older than the newest root');
  }

  #pin({ sequence, chain }: Point): void {
    if (sequence === 0) return;
    const other = this.#heads.get(sequence);
    if (other !== undefined && other !== chain)
      this.#fault(sequence, 'two roots have different hashes of it');
    this.#heads.set(sequence, chain);
  }

  #comparePinned({ sequence, chain }: Point, what: string): void {
    const pinned = this.#heads.get(sequence);
    if (pinned !== undefined && pinned !== chain) this.#fault(sequence, what);
  }

  #fault(sequence: number, what: string): void {
    const { producer, epoch, onFault } = this.#options;
    onFault({ producer, epoch, sequence, what });
  }
}

/** Whether a root has a log as it is. */
export function isOf(leaf: RootLeaf | undefined, { lastSequence, stored, base }: LogState): boolean {
  if (leaf === undefined) return false;
  return leaf.lastSequence === lastSequence && leaf.stored === stored && leaf.base.sequence === base.sequence;
}

/** An announcement is at most a few seconds behind the last record. */
const LAST_CHAINS_MAX = 10_000;
