// A whole trail, line by line as it is read or as it was exported. It proves that records are those that were hashed when they
// were written, that none is gone, none was put in and none moved, up to what is signed. Pure.
//
// A trail proves itself only to who has the public key, or a root, from elsewhere: who has the database and the key can write
// another one.

import { merkleRoot } from './merkle.ts';
import type { Verifier } from './signing.ts';
import type { LogState, Root, RootLeaf, TrailHead } from './statements.ts';
import type { RootLine, Signed, TrailFault, TrailLine } from './trail-line.ts';
import { isOf, LogVerifier } from './verify-log.ts';

export interface TrailReport {
  /** The first thousand. */
  readonly faults: readonly TrailFault[];
  readonly faultCount: number;
  readonly logs: number;
  readonly records: number;
  readonly roots: number;
  /** Sequences that are known of and have never come. */
  readonly missing: number;
  /** Records whose predecessor never came, and that no root names yet. */
  readonly unproven: number;
}

const FAULTS_MAX = 1_000;

export interface VerifyOptions {
  /** Of who signed the trail; without one no signature is looked at, and the roots prove nothing. */
  readonly verifier: Verifier | undefined;
  /** Roots from elsewhere, which the trail has to have. */
  readonly anchors?: readonly Signed[];
}

export async function verifyTrail(
  lines: AsyncIterable<TrailLine> | Iterable<TrailLine>,
  options: VerifyOptions,
): Promise<TrailReport> {
  const verification = new TrailVerification(options);
  for await (const line of lines) verification.take(line);
  return verification.report();
}

class TrailVerification {
  readonly #options: VerifyOptions;
  readonly #faults: TrailFault[] = [];
  #faultCount = 0;
  /** What roots say, by log, oldest first: those from before the logs were read, and those that were signed meanwhile. */
  readonly #leaves = new Map<string, RootLeaf[]>();
  readonly #lateLeaves = new Map<string, RootLeaf[]>();
  readonly #rooted: LogState[] = [];
  readonly #rootSignatures: string[] = [];
  readonly #logs = new Set<string>();
  #rootAtMs = 0;
  #firstHead: TrailHead | undefined;
  #lastHead: TrailHead | undefined;
  #log: LogVerifier | undefined;
  #identity = { producer: '', epoch: 0 };
  #records = 0;
  #missing = 0;
  #unproven = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
  }

  take(line: TrailLine): void {
    if (line.kind === 'head') {
      this.#lastHead = this.#signed<TrailHead>(line, 'aiswitch.head.v1', 'how much there is');
      this.#firstHead ??= this.#lastHead;
    } else if (line.kind === 'root') {
      this.#root(line);
    } else if (line.kind === 'log') {
      this.#begin(line);
    } else if (line.kind === 'base') {
      this.#log?.base(line);
    } else if (line.kind === 'record') {
      if (this.#log === undefined) this.#fault('a record stands in no log', line.sequence);
      else this.#log.record(line);
    } else if (line.kind === 'end') {
      this.#end(line);
    }
  }

  report(): TrailReport {
    this.#identity = { producer: '', epoch: 0 };
    if (this.#log !== undefined) this.#fault('the last log has no end');
    this.#checkHead();
    for (const [key, [leaf]] of this.#leaves) {
      if (this.#logs.has(key) || leaf === undefined) continue;
      this.#identity = { producer: leaf.producer, epoch: leaf.epoch };
      this.#fault('a root has this log, and it is gone');
    }
    for (const state of this.#rooted) {
      if (this.#lateLeaves.get(keyOf(state))?.some((leaf) => isOf(leaf, state))) continue;
      this.#identity = { producer: state.producer, epoch: state.epoch };
      this.#fault('the root that it is said to be in is not there');
    }
    this.#identity = { producer: '', epoch: 0 };
    const known = new Set(this.#rootSignatures);
    for (const { signature } of this.#options.anchors ?? []) {
      if (!known.has(signature)) this.#fault('a root that was kept elsewhere is not in the trail');
    }
    return {
      faults: this.#faults,
      faultCount: this.#faultCount,
      logs: this.#logs.size,
      records: this.#records,
      roots: this.#rootSignatures.length,
      missing: this.#missing,
      unproven: this.#unproven,
    };
  }

  #root(line: RootLine): void {
    const number = this.#rootSignatures.length + 1;
    const name = `root ${number}`;
    const root = this.#signed<Root>(line, 'aiswitch.root.v1', name);
    const previous = this.#rootSignatures.at(-1) ?? '';
    this.#rootSignatures.push(line.signature);
    if (root === undefined) return;
    if (root.number !== number || line.number !== number)
      this.#fault(`${name} is not there, or stands elsewhere`);
    if (root.atMs !== line.atMs || root.atMs < this.#rootAtMs) this.#fault(`${name} is of another time`);
    if (root.previous !== previous) this.#fault(`${name} does not follow the one before`);
    if (root.leafCount !== line.leaves.length || root.tree !== merkleRoot(line.leaves).toString('hex'))
      this.#fault(`${name} is not over its leaves`);
    this.#rootAtMs = root.atMs;
    const isLate = number > (this.#firstHead?.roots ?? Number.POSITIVE_INFINITY);
    for (const text of line.leaves) this.#leaf(text, name, isLate ? this.#lateLeaves : this.#leaves);
  }

  #leaf(text: string, name: string, into: Map<string, RootLeaf[]>): void {
    const leaf = parsed<RootLeaf>(text);
    if (leaf?.head === undefined || leaf.base === undefined || !Array.isArray(leaf.islands)) {
      this.#fault(`${name} has a leaf that cannot be read`);
      return;
    }
    const key = keyOf(leaf);
    const leaves = into.get(key);
    if (leaves === undefined) into.set(key, [leaf]);
    else leaves.push(leaf);
  }

  #begin({ producer, epoch, ...signed }: Extract<TrailLine, { kind: 'log' }>): void {
    if (this.#log !== undefined) this.#fault('the log has no end');
    this.#identity = { producer, epoch };
    const key = keyOf(this.#identity);
    if (this.#logs.has(key)) this.#fault('the log stands in the trail twice');
    this.#logs.add(key);
    this.#log = new LogVerifier({
      producer,
      epoch,
      before: this.#state(signed),
      leaves: this.#leaves.get(key) ?? [],
      onFault: (fault) => this.#keep(fault),
    });
  }

  #end(signed: Signed): void {
    if (this.#log === undefined) {
      this.#fault('a log ends that did not begin');
      return;
    }
    const { records, missing, unproven, rooted } = this.#log.end(this.#state(signed));
    if (rooted !== undefined) this.#rooted.push(rooted);
    this.#records += records;
    this.#missing += missing;
    this.#unproven += unproven;
    this.#log = undefined;
    this.#identity = { producer: '', epoch: 0 };
  }

  #state(signed: Signed): LogState | undefined {
    if (signed.statement === '') {
      this.#fault('there are records of a log that is not known');
      return undefined;
    }
    const state = this.#signed<LogState>(signed, 'aiswitch.log.v1', 'its state');
    const { producer, epoch } = this.#identity;
    if (state === undefined || (state.producer === producer && state.epoch === epoch)) return state;
    this.#fault('its state is of another log');
    return undefined;
  }

  #checkHead(): void {
    const [first, last] = [this.#firstHead, this.#lastHead];
    if (first === undefined || last === undefined) {
      this.#fault('how much there is does not stand in the trail');
      return;
    }
    const roots = this.#rootSignatures.length;
    if (roots !== last.roots) this.#fault(`there are ${roots} roots, and ${last.roots} were signed`);
    else if ((this.#rootSignatures.at(-1) ?? '') !== last.rootSignature)
      this.#fault('the newest root is not the one that was signed last');
    if (this.#logs.size < first.logs || this.#logs.size > last.logs)
      this.#fault(`there are ${this.#logs.size} logs, and ${last.logs} were begun`);
  }

  /** What a statement says; a fault when it is not signed with the key, undefined when it says nothing. */
  #signed<Statement>({ statement, signature }: Signed, kind: string, name: string): Statement | undefined {
    const said = parsed<Statement & { readonly kind: string; readonly keyId: string }>(statement);
    if (said === undefined || said.kind !== kind) {
      this.#fault(`${name} cannot be read`);
      return undefined;
    }
    const { verifier } = this.#options;
    if (verifier === undefined) return said;
    if (signature === '') this.#fault(`${name} is not signed`);
    else if (!verifier(said.keyId, statement, Buffer.from(signature, 'base64')))
      this.#fault(`${name} is not what its signature is of, or the signature is of another key`);
    return said;
  }

  #fault(what: string, sequence = 0): void {
    this.#keep({ ...this.#identity, sequence, what });
  }

  #keep(fault: TrailFault): void {
    this.#faultCount += 1;
    if (this.#faults.length < FAULTS_MAX) this.#faults.push(fault);
  }
}

function parsed<Value>(text: string): Value | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Value) : undefined;
  } catch {
    return undefined;
  }
}

function keyOf({ producer, epoch }: { readonly producer: string; readonly epoch: number }): string {
  return `${epoch}@${producer}`;
}
