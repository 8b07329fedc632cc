import type { Schema } from './audit-record-schema.ts';

/**
 * What of a value is not as a schema says, with what the schema does not describe at all. Knows the keywords that
 * the schema of the messages uses, and throws for any other.
 */
export function schemaFaults(value: unknown, schema: Schema, root: Schema, at = '$'): string[] {
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    const check = CHECKS[keyword];
    if (check === undefined) throw new Error(`nobody knows the keyword ${keyword}`);
    return check({ value, rule, schema, root, at });
  });
}

interface Checked {
  readonly value: unknown;
  /** What stands at the keyword. */
  readonly rule: unknown;
  readonly schema: Schema;
  readonly root: Schema;
  readonly at: string;
}

const nothing = () => [];
const unless = (isRight: boolean, at: string, what: string) => (isRight ? [] : [`${at}: ${what}`]);

const CHECKS: Readonly<Record<string, (checked: Checked) => string[]>> = {
  $schema: nothing,
  $id: nothing,
  $defs: nothing,
  title: nothing,
  description: nothing,
  $ref: ({ value, rule, root, at }) => {
    const found = String(rule)
      .split('/')
      .slice(1)
      .reduce<unknown>((each, name) => (each as Schema)[name], root);
    return schemaFaults(value, found as Schema, root, at);
  },
  oneOf: ({ value, rule, root, at }) => {
    const faults = (rule as Schema[]).map((each) => schemaFaults(value, each, root, at));
    const right = faults.filter(({ length }) => length === 0).length;
    if (right === 1) return [];
    // The one that comes closest says most.
    return [
      `${at}: ${right} of ${faults.length} fit`,
      ...(faults.sort((a, b) => a.length - b.length)[0] ?? []),
    ];
  },
  type: ({ value, rule, at }) => unless(isOf(value, String(rule)), at, `is no ${rule}`),
  const: ({ value, rule, at }) => unless(value === rule, at, `is not ${rule}`),
  pattern: ({ value, rule, at }) =>
    unless(typeof value === 'string' && new RegExp(String(rule), 'u').test(value), at, `is not like ${rule}`),
  minimum: ({ value, rule, at }) => unless((value as number) >= (rule as number), at, `is below ${rule}`),
  minItems: ({ value, rule, at }) => unless(lengthOf(value) >= (rule as number), at, 'has too few'),
  maxItems: ({ value, rule, at }) => unless(lengthOf(value) <= (rule as number), at, 'has too many'),
  required: ({ value, rule, at }) =>
    (rule as string[]).flatMap((name) => unless(Object.hasOwn(Object(value), name), at, `has no ${name}`)),
  properties: ({ value, rule, root, at }) =>
    Object.entries(Object(value)).flatMap(([name, each]) => {
      const schema = (rule as Record<string, Schema>)[name];
      if (schema === undefined) return [`${at}: nobody described ${name}`];
      return schemaFaults(each, schema, root, `${at}.${name}`);
    }),
  items: ({ value, rule, root, at }) =>
    Array.isArray(value)
      ? value.flatMap((each, index) => schemaFaults(each, rule as Schema, root, `${at}[${index}]`))
      : [],
  prefixItems: ({ value, rule, root, at }) =>
    (rule as Schema[]).flatMap((schema, index) =>
      schemaFaults((value as unknown[])[index], schema, root, `${at}[${index}]`),
    ),
};

function isOf(value: unknown, type: string): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : -1;
}
