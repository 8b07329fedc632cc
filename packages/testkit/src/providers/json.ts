// Bodies as they came: nothing is known of them until it is looked at.

export type Json = Readonly<Record<string, unknown>>;

/** An object's fields; {} for everything else. */
export function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function objectsOf(value: unknown): readonly Json[] {
  return listOf(value).map(objectOf);
}

export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
