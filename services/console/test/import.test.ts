// A tree with its users from CSV.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readImportCsv } from '../src/import/read-csv.ts';
import { type Admin, openAdmin } from './admin.ts';

const CSV = `department,user,role,projects
Research/Models/Training,alice,departmentAdmin,web;search
Research/Models,bob,,web
"Sales",,,
Sales,"carol",member,
`;

let admin: Admin;
beforeAll(async () => {
  admin = await openAdmin();
});
afterAll(() => admin[Symbol.asyncDispose]());

const send = (csv: string, query = '') =>
  admin.ask(`POST /import${query}`, csv, {
    'x-api-key': admin.rootKey,
    'content-type': 'text/csv; charset=utf-8',
  });

describe('an import', () => {
  it('is tried first, makes everything once, and changes nothing when it is sent again', async () => {
    const counts = {
      departmentsCreated: 4,
      usersCreated: 3,
      rolesGranted: 1,
      projectsCreated: 2,
      membersAdded: 3,
    };
    const tried = await send(CSV, '?dryRun=true');
    expect(tried.body).toMatchObject({ ...counts, isDryRun: true, problems: [] });
    expect((await admin.ask('GET /departments')).body.items).toEqual([]);
    const done = await send(CSV);
    expect([done.status, done.body]).toEqual([200, expect.objectContaining({ ...counts, isDryRun: false })]);
    const alice = (await admin.ask('GET /users/alice')).body;
    expect(alice).toMatchObject({
      role: 'departmentAdmin',
      departmentIds: [expect.any(String), expect.any(String), expect.any(String)],
    });
    expect(
      (await admin.ask('GET /projects/web/members')).body.items.map(({ userName }) => userName).sort(),
    ).toEqual(['alice', 'bob']);
    const again = await send(CSV);
    expect(again.body).toMatchObject({ departmentsCreated: 0, usersCreated: 0, linesUnchanged: 4 });
    expect((await admin.actions()).filter((action) => action === 'organisation.import')).toHaveLength(2);
  });

  it('with lines that are wrong tells every one of them, and does nothing', async () => {
    const wrong = `department,user,role,projects
Fine,dave,,
Fine,er in,,
Fine,frank,emperor,
A/B/C/D,gina,,
Fine,heidi,,,too,many
,,,
Fine,ivan,,bad:project
`;
    const { status, body } = await send(wrong);
    const problems = body.problems as readonly { readonly line: number; readonly column: string }[];
    expect(status).toBe(200);
    expect(problems.map(({ line }) => line)).toEqual([3, 4, 5, 6, 8]);
    expect((await admin.ask('GET /users/dave')).status).toBe(404);
    expect((await admin.ask('GET /departments')).text).not.toContain('Fine');
  });

  it('may be JSON', async () => {
    const lines = [{ department: 'Legal', user: 'judy' }, { department: 'Legal/Patents' }];
    const { body } = await admin.ask('POST /import', { lines });
    expect(body).toMatchObject({ departmentsCreated: 2, usersCreated: 1, problems: [] });
  });

  it.each([
    ['', 'empty'],
    ['name,role\nx,y\n', 'no column `name`'],
    ['user,user\nx,y\n', 'twice'],
    ['role\nmember\n', 'name the columns'],
    ['user\n"x', 'no CSV'],
  ])('of %j is refused whole', async (csv, words) => {
    const { status, body } = await send(csv);
    expect([status, body.code]).toEqual([400, 'invalid']);
    expect(body.detail).toContain(words);
  });

  it('over the bound is refused', async () => {
    const { status } = await send(`user\n${'x'.repeat(4 * 1024 * 1024)}\n`);
    expect(status).toBe(413);
  });
});

it('a file of a spreadsheet is read: a mark at its beginning, other line ends, columns in any order', () => {
  const { lines, problems } = readImportCsv('\uFEFFprojects,user\r\nweb; search ,alice\r\n\r\n');
  expect(problems).toEqual([]);
  expect(lines).toMatchObject([{ line: 2, user: 'alice', department: [], projects: ['web', 'search'] }]);
});
