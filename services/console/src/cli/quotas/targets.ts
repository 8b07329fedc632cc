// Whom a command is about: `alice` and `user:alice` are a user, everything else says what it is. A user called
// `company` is `user:company`.

/** The bucket that belongs to a target, as the admin API names it. */
export function bucketOf(target: string): string {
  if (target === 'company' || target === 'platform') return target;
  const [kind = '', id] = splitOnce(target);
  if (id === undefined) return `personal:${target}`;
  return kind === 'user' ? `personal:${id}` : target;
}

/** The scope of a target, as the admin API names it. */
export function scopeOf(target: string): string {
  if (target === 'company') return target;
  const [kind = '', id] = splitOnce(target);
  if (id === undefined) return `user:${target}`;
  return kind === 'personal' ? `user:${id}` : target;
}

/** The id of a grant; undefined for every other target. */
export function grantIdOf(target: string): string | undefined {
  const [kind, id] = splitOnce(target);
  return kind === 'grant' ? id : undefined;
}

/** The user that a target is; undefined for every other target. */
export function userOf(target: string): string | undefined {
  const bucket = bucketOf(target);
  return bucket.startsWith('personal:') ? bucket.slice('personal:'.length) : undefined;
}

function splitOnce(target: string): readonly [string, string | undefined] {
  const colon = target.indexOf(':');
  return colon === -1 ? [target, undefined] : [target.slice(0, colon), target.slice(colon + 1)];
}
