import { expect, test } from 'vitest';
import { NOT_ENROLLED, Roster } from '../src/roster.ts';

const member = (name: string) => ({ name, rosterPlace: NOT_ENROLLED });

test('a roster holds exactly those that came and did not go, in whatever order they do', () => {
  const roster = new Roster<ReturnType<typeof member>>();
  const [a, b, c, d] = [member('a'), member('b'), member('c'), member('d')];
  for (const each of [a, b, c, d, b]) roster.add(each);
  roster.delete(a);
  roster.delete(a);
  roster.delete(c);
  roster.delete(member('never there'));
  expect(
    roster
      .all()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['b', 'd']);
  roster.delete(d);
  roster.add(a);
  roster.delete(b);
  expect(roster.all()).toEqual([a]);
  expect(roster.size).toBe(1);
});

test('members that leave while all are visited disturb nobody', () => {
  const roster = new Roster<ReturnType<typeof member>>();
  const members = ['a', 'b', 'c'].map(member);
  for (const each of members) roster.add(each);
  const visited: string[] = [];
  for (const each of roster.all()) {
    visited.push(each.name);
    roster.delete(each);
  }
  expect(visited).toEqual(['a', 'b', 'c']);
  expect(roster.size).toBe(0);
});
