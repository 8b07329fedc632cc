import { KeyScope, type Page } from '@ai-switch/contracts';
import { Fault, isNetwork } from '@ai-switch/kernel';

const NAME = /^[A-Za-z0-9._@-]{1,128}$/;
/** Of a department or a project: short enough for the names of quota buckets, and without their separator. */
const UNIT_ID = /^[A-Za-z0-9._-]{1,48}$/;
const COMPANY_ID = /^[a-z0-9][a-z0-9-]{0,47}$/;
const NAME_CHARACTERS_MAX = 128;
const NETWORKS_MAX = 100;
const KEY_SCOPES_MAX = 3;
const ID_CHARACTERS_MAX = 128;
const LABEL_CHARACTERS_MAX = 128;
/** Model aliases that one key may name, and the length of one. */
const MODELS_MAX = 200;
const MODEL_CHARACTERS_MAX = 256;
const PAGE_ROWS_DEFAULT = 100;
const PAGE_ROWS_MAX = 1_000;

// Every check throws the Fault `invalid`, whose details.field names the field and whose message never repeats a value.

export function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw invalid('name', 'A user name has 1 to 128 letters, digits and the characters ._@- only.');
}

/** Of a company: part of addresses and of what keys are sealed for. */
export function checkCompanyId(tenant: string): void {
  if (COMPANY_ID.test(tenant)) return;
  throw invalid(
    'tenant',
    'The id of a company has 1 to 48 small letters, digits and dashes, and begins with a letter or digit.',
  );
}

/** Of a department, a project or what else its maker may name. */
export function checkUnitId(field: string, id: string): void {
  if (isUnitId(id)) return;
  throw invalid(field, `The ${field} has 1 to 48 letters, digits and the characters ._- only.`);
}

export function isUnitId(id: string): boolean {
  return UNIT_ID.test(id);
}

/** What people call a company, a department or a project. */
export function checkTitle(name: string): void {
  const isWellFormed = name.length >= 1 && name.length <= NAME_CHARACTERS_MAX && name.trim() === name;
  if (isWellFormed && !name.includes('/') && !hasControlCharacter(name)) return;
  throw invalid(
    'name',
    `A name has 1 to ${NAME_CHARACTERS_MAX} characters on one line, no slash, and no blank at its ends.`,
  );
}

export function checkNetworks(networks: readonly string[]): void {
  if (networks.length <= NETWORKS_MAX && networks.every(isNetwork)) return;
  throw invalid(
    'networks',
    `At most ${NETWORKS_MAX} networks, each like 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32.`,
  );
}

export function checkKeyScopes(scopes: readonly KeyScope[]): void {
  if (scopes.length <= KEY_SCOPES_MAX && !scopes.includes(KeyScope.UNSPECIFIED)) return;
  throw invalid('scopes', 'A key is for inference, admin:read or admin.');
}

/** Ids are opaque to callers: one that does not exist is simply not found. */
export function checkId(field: string, id: string): void {
  if (id.length >= 1 && id.length <= ID_CHARACTERS_MAX && !hasControlCharacter(id)) return;
  throw invalid(field, `The ${field} has 1 to ${ID_CHARACTERS_MAX} characters.`);
}

export function checkLabel(label: string): void {
  if (label.length <= LABEL_CHARACTERS_MAX && !hasControlCharacter(label)) return;
  throw invalid('label', `A label has at most ${LABEL_CHARACTERS_MAX} characters and stands on one line.`);
}

export function checkModels(models: readonly string[]): void {
  const isWellFormed = (model: string) =>
    model.length >= 1 && model.length <= MODEL_CHARACTERS_MAX && !hasControlCharacter(model);
  if (models.length <= MODELS_MAX && models.every(isWellFormed)) return;
  throw invalid(
    'models',
    `A key names at most ${MODELS_MAX} models, each with 1 to ${MODEL_CHARACTERS_MAX} characters.`,
  );
}

export function checkExpiry(expiresAtMs: bigint | undefined, nowMs: number): void {
  if (expiresAtMs === undefined || expiresAtMs > BigInt(nowMs)) return;
  throw invalid('expiresAtMs', 'The expiry is in the past. Please give a time to come, or none at all.');
}

/** Rows wanted, ordered by id, after an id. */
export interface PageOf {
  readonly after: string;
  readonly rowsMax: number;
}

/** The page as a query takes it. */
export function readPage(page: Page | undefined): PageOf {
  const { after = '', limit = 0 } = page ?? {};
  if (after !== '') checkId('page.after', after);
  if (limit < 0 || limit > PAGE_ROWS_MAX || !Number.isInteger(limit)) {
    throw invalid('page.limit', `A page has 1 to ${PAGE_ROWS_MAX} rows; 0 means ${PAGE_ROWS_DEFAULT}.`);
  }
  return { after, rowsMax: limit === 0 ? PAGE_ROWS_DEFAULT : limit };
}

/** One row more than wanted was asked for: it only says that there is a further page. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  { rowsMax }: PageOf,
  itemOf: (row: Row) => Item,
  idOf: (row: Row) => string,
): { readonly items: Item[]; readonly nextAfter: string } {
  const wanted = rows.slice(0, rowsMax);
  const last = wanted.at(-1);
  const nextAfter = rows.length > rowsMax && last !== undefined ? idOf(last) : '';
  return { items: wanted.map(itemOf), nextAfter };
}

/** @throws Fault `conflict` when somebody changed it since */
export function checkRevision(expected: bigint | undefined, revision: bigint): void {
  if (expected === undefined || expected === revision) return;
  throw new Fault('conflict', 'It was changed by somebody else meanwhile. Please read it again.', {
    details: { reason: 'revision', revision: String(revision) },
  });
}

export function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

export function invalid(field: string, message: string): Fault {
  return new Fault('invalid', message, { details: { field } });
}
