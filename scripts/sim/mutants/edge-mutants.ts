import type { Mutant } from './mutant.ts';

const HOLDS = 'services/edge-gateway/src/holds/holds.ts';
const SPOOL = 'services/edge-gateway/src/holds/spool.ts';

export const EDGE_MUTANTS: readonly Mutant[] = [
  {
    name: 'an edge dispatches for a hold of another',
    file: HOLDS,
    text: 'if (!created) {',
    replacement: "if (!created && reservation.state !== 'RESERVATION_STATE_HELD') {",
  },
  {
    name: 'a hold is made before the spool knows of it',
    file: SPOOL,
    text: "    this.#demand(['intent', place, intent]);",
    replacement: "    apply(this.#holds, ['intent', place, intent]);",
  },
  {
    name: 'the spool does not know what was dispatched',
    file: SPOOL,
    text: "if (!hold.isDispatched) this.#demand(['dispatched', hold.place, request()]);",
    replacement: 'hold.isDispatched = true;',
  },
  {
    name: 'the spool does not know what was used',
    file: SPOOL,
    text: "this.#later += lineOf(['progress', ...this.#progress]);",
    replacement: '',
  },
  {
    name: 'a settlement is not spooled',
    file: SPOOL,
    text: "this.#note(['settle', hold.place, settlement]);",
    replacement: 'hold.settlement = settlement;',
  },
  {
    name: 'what an earlier process left is forgotten',
    file: SPOOL,
    text: 'this.left = [...holds.values()];',
    replacement: 'this.left = [];',
  },
  {
    name: 'a spool that is written anew loses what is open',
    file: SPOOL,
    text: '[...this.#holds.values()].flatMap(recordsOf)',
    replacement: '[...this.#holds.values()].slice(1).flatMap(recordsOf)',
  },
  {
    name: 'a settlement is sent once',
    file: HOLDS,
    text: '        onAnswer();\n        await sleep(',
    replacement: '        onAnswer();\n        spool.end(spooled);\n        return;\n        await sleep(',
  },
  {
    name: 'what expired before it was dispatched keeps its estimate',
    file: HOLDS,
    text: "if (code !== 'conflict' || details.state !== 'EXPIRED') throw error;",
    replacement: "if (code !== 'none') throw error;",
  },
  {
    name: 'what an earlier process dispatched is voided',
    file: HOLDS,
    text: 'if (left.settlement === undefined && left.isDispatched && !left.isReleased) {',
    replacement: 'if (left.settlement === undefined && left.place === -1) {',
  },
  {
    name: 'a reserve without an answer is left to expire',
    file: HOLDS,
    text: 'if (MAY_BE_HELD.has(asFault(error).code)) void this.void(spooled);',
    replacement: "if (asFault(error).code === 'invalid') void this.void(spooled);",
  },
  {
    name: 'a hold that expired before its answer keeps its estimate',
    file: HOLDS,
    text: "if (isOwned && reservation.state === 'RESERVATION_STATE_EXPIRED') void this.void(spooled);",
    replacement: "if (isOwned && reservation.state === 'RESERVATION_STATE_VOIDED') void this.void(spooled);",
  },
];
