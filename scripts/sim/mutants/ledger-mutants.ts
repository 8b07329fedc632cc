import type { Mutant } from './mutant.ts';

const RULES = 'services/quota-ledger/src/ledger-rules.ts';
const SETTLEMENT = 'services/quota-ledger/src/settlement-rules.ts';
const FILL = 'services/quota-ledger/src/fill.ts';
const PLAN = 'services/quota-ledger/src/plan.ts';
const PERIOD = 'services/quota-ledger/src/period.ts';
const BATCH = 'services/quota-ledger/src/batch.ts';
const STORE = 'services/quota-ledger/src/store.ts';
const ROWS = 'services/quota-ledger/src/rows.ts';
const LEDGER = 'services/quota-ledger/src/ledger.ts';
const ADMINISTRATION_STORE = 'services/quota-ledger/src/administration-store.ts';

export const LEDGER_MUTANTS: readonly Mutant[] = [
  {
    name: 'a repeated reserve is not compared',
    file: RULES,
    text: 'if (isSameReserve(operation, known) || isTombstone(known))',
    replacement: 'if (known.reservationId !== "")',
  },
  {
    name: 'the fingerprint is not compared',
    file: RULES,
    text: 'operation.fingerprint !== known.fingerprint || ',
    replacement: '',
  },
  {
    name: 'a late reserve passes its tombstone',
    file: RULES,
    text: '|| isTombstone(known))',
    replacement: ')',
  },
  {
    name: 'a stranger may extend',
    file: RULES,
    text: "if (known.ownerDigest !== operation.ownerDigest) return forbidden('extend');",
    replacement: '',
  },
  {
    name: 'a stranger may void',
    file: RULES,
    text: "if (known.ownerDigest !== operation.ownerDigest) return forbidden('void');",
    replacement: '',
  },
  {
    name: 'a stranger may keep',
    file: RULES,
    text: "if (known.ownerDigest !== operation.ownerDigest) return forbidden('keep');",
    replacement: '',
  },
  {
    name: 'a repeated extension is decided again',
    file: RULES,
    text: 'if (operation.opSeq === known.extensions && known.lastExtension !== null) {',
    replacement: 'if (operation.opSeq === -1) {',
  },
  {
    name: 'extensions may come out of order',
    file: RULES,
    text: 'if (operation.opSeq !== known.extensions + 1) {',
    replacement: 'if (operation.opSeq === -1) {',
  },
  {
    name: 'a hold that is over may be extended',
    file: RULES,
    text: "if (known.state !== 'HELD') return conflict(known, 'Only an open hold can be extended.');",
    replacement: '',
  },
  {
    name: 'a checkpoint goes down',
    file: RULES,
    text: 'larger(known.checkpoint ?? NOTHING, operation.used)',
    replacement: 'operation.used',
  },
  {
    name: 'a late heartbeat shortens a deadline',
    file: RULES,
    text: 'largest(known.expiresAtMs, nowMs + operation.ttlMs)',
    replacement: 'nowMs + operation.ttlMs',
  },
  {
    name: 'a heartbeat moves no deadline',
    file: RULES,
    text: 'largest(known.expiresAtMs, nowMs + operation.ttlMs)',
    replacement: 'known.expiresAtMs',
  },
  {
    name: 'what was dispatched may be voided',
    file: RULES,
    text: 'if (known.checkpoint !== null) {',
    replacement: 'if (known.reservationId === "") {',
  },
  {
    name: 'a void releases nothing',
    file: RULES,
    text: "return post('void', 0, voided, record, chargeHold(placesOf(known, record), NOTHING, nowMs));",
    replacement: "return post('void', 0, voided, record, []);",
  },
  {
    name: 'a sweep ends what was kept meanwhile',
    file: RULES,
    text: "known.state === 'HELD' && known.expiresAtMs <= nowMs;",
    replacement: "known.state === 'HELD';",
  },
  {
    name: 'an expiry forgets the checkpoint',
    file: RULES,
    text: 'known.checkpoint ?? chargeAtExpiry(known)',
    replacement: 'chargeAtExpiry(known)',
  },
  {
    name: 'a reversal takes back what the platform bears',
    file: RULES,
    text: "tier === 'PLATFORM' ? NO_SHARE : ",
    replacement: "tier === 'CAP' && NO_SHARE === undefined ? NO_SHARE : ",
  },
  {
    name: 'a second reversal is taken for the first',
    file: RULES,
    text: "if (known.state === 'REVERSED') {",
    replacement: "if (known.state === 'NEVER') {",
  },
  {
    name: 'a second settlement with other numbers is taken for the first',
    file: SETTLEMENT,
    text: 'if (isSameSettle(operation, known)) return',
    replacement: 'if (known.reservationId !== "") return',
  },
  {
    name: 'a late settlement comes twice',
    file: SETTLEMENT,
    text: "case 'EXPIRED': {",
    replacement: "case 'RECONCILED':\n    case 'EXPIRED': {",
  },
  {
    name: 'a late settlement adds to the estimate',
    file: SETTLEMENT,
    text: 'const shares = rechargeOf(known, actual, record, nowMs);',
    replacement: 'const shares = chargeHold(placesOf(known, record), actual, nowMs);',
  },
  {
    name: 'another user settles',
    file: SETTLEMENT,
    text: 'if (known.subject.userId !== operation.subject.userId) {',
    replacement: 'if (known.reservationId === "") {',
  },
  {
    name: 'the platform bears nothing',
    file: SETTLEMENT,
    text: 'if (isNothing(platform)) return post',
    replacement: 'if (settled.reservationId !== "") return post',
  },
  {
    name: 'caps are not asked',
    file: FILL,
    text: "if (place.line.tier !== 'CAP') continue;\n    for",
    replacement: "if (place.line.tier !== 'NONE') continue;\n    for",
  },
  {
    name: 'caps hold nothing',
    file: FILL,
    text: "place.line.tier === 'CAP' ? amounts : NOTHING",
    replacement: 'NOTHING',
  },
  {
    name: 'what is held counts as free',
    file: FILL,
    text: ' - balance.held[type];',
    replacement: ';',
  },
  {
    name: 'a closed bucket goes on paying',
    file: FILL,
    text: 'if (!isOpen && isFunding(line)) return 0n;',
    replacement: '',
  },
  {
    name: 'what no bucket has room for is not overrun',
    file: FILL,
    text: 'of(overrun, last)[type] += rest;',
    replacement: '',
  },
  {
    name: 'a cap is never overrun',
    file: FILL,
    text: 'if (beyond > 0n) of(overrun, index)[type] = beyond;',
    replacement: '',
  },
  {
    name: 'a settlement forgets what the hold guarantees',
    file: FILL,
    text: 'if (isFunding(line)) take(index, line.held[type]);',
    replacement: '',
  },
  {
    name: 'a settlement releases nothing',
    file: FILL,
    text: 'held: subtract(NOTHING, line.held),',
    replacement: 'held: NOTHING,',
  },
  {
    name: 'the funding buckets need no room',
    file: FILL,
    text: 'if (amounts[type] <= remaining) continue;\n    const { bucket, periodEndsAtMs } = firstToReset(funding).line;',
    replacement:
      'if (amounts[type] >= 0n) continue;\n    const { bucket, periodEndsAtMs } = firstToReset(funding).line;',
  },
  {
    name: 'a settlement passes over what is free',
    file: FILL,
    text: 'if (rest > 0n && isFunding(place.line)) take(index, roomIn(place, type, nowMs));',
    replacement: '',
  },
  {
    name: 'the grant that expires last burns first',
    file: PLAN,
    text: 'return one.validUntilMs < other.validUntilMs ? -1 : 1;',
    replacement: 'return one.validUntilMs < other.validUntilMs ? 1 : -1;',
  },
  {
    name: 'the farthest funding order wins',
    file: PLAN,
    text: 'const order = orderScopesOf(subject)\n',
    replacement: 'const order = orderScopesOf(subject)\n    .toReversed()\n',
  },
  {
    name: 'departments do not bound',
    file: PLAN,
    text: '...subject.departmentIds.map((id) =>',
    replacement: '...[].map((id) =>',
  },
  {
    name: 'a closed bucket stands in new plans',
    file: PLAN,
    text: '(closedAtMs === null || nowMs < closedAtMs) &&',
    replacement: '',
  },
  {
    name: 'a grant pays before it begins',
    file: PLAN,
    text: '(validFromMs === null || validFromMs <= nowMs) &&',
    replacement: '',
  },
  {
    name: 'a period never ends',
    file: PERIOD,
    text: 'if (known !== undefined && contains(known, nowMs)) return known;',
    replacement: 'if (known !== undefined) return known;',
  },
  {
    name: 'the fiscal year begins in January',
    file: PERIOD,
    text: 'const monthOfFiscalYear = (month - (fiscalYearStartsInMonth - 1) + 12) % 12;',
    replacement: 'const monthOfFiscalYear = month % 12;',
  },
  {
    name: 'a changed balance is not written',
    file: BATCH,
    text: '    slot.isChanged = true;\n',
    replacement: '    slot.isChanged = posting.operation !== "extend";\n',
  },
  {
    name: 'operations of a batch do not see what the one before held',
    file: BATCH,
    text: 'held: add(stored.held, posting.held),',
    replacement: 'held: posting.operation === "reserve" ? posting.held : add(stored.held, posting.held),',
  },
  {
    name: 'an entry is lost',
    file: BATCH,
    text: 'this.#entries.push({ tenant, reservationId, posting, atMs: this.nowMs });',
    replacement:
      'if (posting.operation !== "reconcile") this.#entries.push({ tenant, reservationId, posting, atMs: this.nowMs });',
  },
  {
    name: 'two ledgers make the same reservation',
    file: STORE,
    text: "eb(ref('excluded.version'), '=', eb('reservation.version', '+', sql.lit(1n))),",
    replacement: "eb(ref('excluded.version'), '<=', eb('reservation.version', '+', sql.lit(1n))),",
  },
  {
    name: 'a reservation that another ledger changed is passed over',
    file: STORE,
    text: 'if (affectedRows !== rows.length)',
    replacement: 'if (affectedRows > rows.length)',
  },
  {
    name: 'balances are read without their locks',
    file: STORE,
    text: "        .orderBy('period')\n        .forUpdate(),",
    replacement: "        .orderBy('period'),",
  },
  {
    name: 'a new period has no limits',
    file: ROWS,
    text: '...NO_COUNTS, ...limitColumns(bucket.limits)',
    replacement:
      '...NO_COUNTS, ...limitColumns({ input: null, output: null, cacheRead: null, cacheWrite: null, cost: null })',
  },
  {
    name: 'whoever names the id may dispatch',
    file: LEDGER,
    text: "created: isOwned && reservation.state === 'HELD',",
    replacement: "created: reservation.state === 'HELD',",
  },
  {
    name: 'a new limit waits for the next period',
    file: ADMINISTRATION_STORE,
    text: "    .where('period', '>=', period)",
    replacement: "    .where('period', '>', period)",
  },
  {
    name: 'a bucket that is closed goes on in earlier periods',
    file: ADMINISTRATION_STORE,
    text: '    .set(opening)\n',
    replacement: "    .set(opening)\n    .where('period', '>=', period)\n",
  },
];
