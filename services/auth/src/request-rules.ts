import { type Page, Role } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';

const NAME = /^[A-Za-z0-9._@-]{1,128}$/;
/** Of a department or a project: short enough for the names of quota buckets, and without their separator. */
const UNIT_ID = /^[A-Za-z0-9._-]{1,48}$/;
const DEPARTMENTS_MAX = 4;
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

export function checkRole(role: Role): void {
  if (role === Role.ROOT || role === Role.MEMBER) return;
  throw invalid('role', 'A user has the role root or member.');
}

export function checkDepartments(departmentIds: readonly string[]): void {
  const isOnceEach = new Set(departmentIds).size === departmentIds.length;
  const isWellFormed = departmentIds.every((id) => UNIT_ID.test(id));
  if (departmentIds.length <= DEPARTMENTS_MAX && isOnceEach && isWellFormed) return;
  throw invalid(
    'departmentIds',
    `A user is in at most ${DEPARTMENTS_MAX} departments, from the top down, each once and with 1 to 48 letters, digits and the characters ._- only.`,
  );
}

export function checkProject(projectId: string): void {
  if (projectId === '' || UNIT_ID.test(projectId)) return;
  throw invalid('projectId', 'A project has 1 to 48 letters, digits and the characters ._- only.');
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

/** The page as the store takes it. */
export function readPage(page: Page | undefined): { readonly after: string; readonly rowsMax: number } {
  const { after = '', limit = 0 } = page ?? {};
  if (after !== '') checkId('page.after', after);
  if (limit < 0 || limit > PAGE_ROWS_MAX || !Number.isInteger(limit)) {
    throw invalid('page.limit', `A page has 1 to ${PAGE_ROWS_MAX} rows; 0 means ${PAGE_ROWS_DEFAULT}.`);
  }
  return { after, rowsMax: limit === 0 ? PAGE_ROWS_DEFAULT : limit };
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function invalid(field: string, message: string): Fault {
  return new Fault('invalid', message, { details: { field } });
}
