// Passwords are kept as argon2id in PHC's form, which holds the parameters that it was made with: they may grow, and a hash of
// before is made anew when its owner signs in. Parameters: OWASP's Password Storage Cheat Sheet, 2025.
// Each hash takes 19 MiB, and one of Node's four threads for tens of milliseconds. Files and names of hosts need those threads,
// too: no more than half of them ever make hashes.

import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Fault } from '@ai-switch/kernel';

const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
const AT_ONCE_MAX = 2;
const WAITING_MAX = 64;
/** Above what this program ever makes: a hash that asks for more was put there by somebody else. */
const MEMORY_KIB_MAX = 262_144;
const PASSES_MAX = 16;
const LANES_MAX = 8;

const FORM =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{11,86})$/;

const derive = promisify(argon2);

interface Parameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

const PRESENT: Parameters = { memoryKib: MEMORY_KIB, passes: PASSES, lanes: LANES };

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await tagOf(password, salt, TAG_BYTES, PRESENT);
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${base64(salt)}$${base64(tag)}`;
}

/** Compared with where there is no password, so that nobody costs what somebody does. */
export const NO_PASSWORD_HASH = `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${base64(Buffer.alloc(SALT_BYTES))}$${base64(Buffer.alloc(TAG_BYTES))}`;

/** @throws Fault `overloaded` when too many are being checked */
export async function isPasswordOf(hash: string, password: string): Promise<boolean> {
  const known = read(hash);
  if (known === undefined) return false;
  const tag = await tagOf(password, known.salt, known.tag.length, known);
  return timingSafeEqual(tag, known.tag);
}

/** True for a hash of other parameters than those of now. */
export function isOutdated(hash: string): boolean {
  const known = read(hash);
  return (
    known === undefined || known.memoryKib !== MEMORY_KIB || known.passes !== PASSES || known.lanes !== LANES
  );
}

function read(hash: string): (Parameters & { readonly salt: Buffer; readonly tag: Buffer }) | undefined {
  const [, memory, passes, lanes, salt, tag] = FORM.exec(hash) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const parameters = { memoryKib: Number(memory), passes: Number(passes), lanes: Number(lanes) };
  const isSane =
    parameters.memoryKib <= MEMORY_KIB_MAX &&
    parameters.passes <= PASSES_MAX &&
    parameters.lanes <= LANES_MAX;
  if (!isSane) return undefined;
  return { ...parameters, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') };
}

let underWay = 0;
const waiting: (() => void)[] = [];

async function tagOf(
  password: string,
  salt: Buffer,
  tagBytes: number,
  { memoryKib, passes, lanes }: Parameters,
): Promise<Buffer> {
  await turn();
  try {
    return await derive('argon2id', {
      // Keyboards differ in how they write one letter with its accent.
      message: password.normalize('NFC'),
      nonce: salt,
      memory: memoryKib,
      passes,
      parallelism: lanes,
      tagLength: tagBytes,
    });
  } finally {
    const next = waiting.shift();
    if (next === undefined) underWay -= 1;
    else next();
  }
}

/** Whoever waited takes over the turn of the one who ends. */
async function turn(): Promise<void> {
  if (underWay < AT_ONCE_MAX) {
    underWay += 1;
    return;
  }
  if (waiting.length >= WAITING_MAX) {
    throw new Fault('overloaded', 'Too many people are signing in. Please try again in a moment.', {
      retryAfterMs: 1_000,
    });
  }
  await new Promise<void>((resolve) => waiting.push(resolve));
}

/** Without padding, as PHC has it. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
