import type { Attempt, Body, Call } from './calls.ts';
import type { Target, World } from './world.ts';

/** Asks for a list and looks for what has this in one of its fields. */
export function lists(
  field: string,
  wanted: (target: Target, world: World) => string | Promise<string>,
  query: Readonly<Record<string, string>> = {},
): Call {
  return {
    attempt: async (world, target) => {
      const value = await wanted(target, world);
      return { query: { limit: '1000', ...query }, isDone: (body) => has(body, field, value) };
    },
  };
}

/** A call of which everything follows from the target. */
export function aims(attempt: (target: Target, world: World) => Attempt | Promise<Attempt>): Call {
  return { attempt: (world, target) => attempt(target, world) };
}

function has({ items }: Body, field: string, value: string): boolean {
  return Array.isArray(items) && items.some((item: Body) => item[field] === value);
}
