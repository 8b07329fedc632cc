import type { Route } from '../../src/routes/route.ts';
import { type OperationId, ROUTES } from '../../src/routes/table.ts';
import { type CaseName, ELSEWHERE } from './expectations.ts';
import { PLACES, ROLES, type RoleWord } from './world.ts';

const INTRODUCTION = `# Who may do what

Every route of the admin API, tried for each role, by API key and by session, on real services. The test that tries them compares
what it sees with what was decided, and with this page: \`npm test -- services/console/test/permissions.test.ts\`, and with
\`UPDATE_PERMISSIONS=1\` it writes this page.

Five signs a role, from left to right: what is **his own** (of projects: one of another department that he is a member of); **his
department** and what is in it; what is **below** it; what is **beside** it; **another company**.
\`y\` it is done · \`n\` it is refused · \`-\` as if it were not there · \`.\` there is no such case.

A root user names another company by \`?company=\`. A key needs the scope \`adminRead\` to read and \`admin\` to change; a session's
changes need its token and our own origin.

`;

/** The page, made of what was seen. */
export function permissionsDocument(
  cases: readonly CaseName[],
  seen: ReadonlyMap<CaseName, Readonly<Record<RoleWord, string>>>,
): string {
  const rows = cases.map((name) => {
    const [operation = '', way] = name.split(':');
    const verdicts = ROLES.map((role) => `\`${signs(seen.get(name)?.[role] ?? '')}\``);
    return `| ${routeText(operation as OperationId)} | ${way ?? ''} | ${verdicts.join(' | ')} |`;
  });
  const others = (Object.keys(ELSEWHERE) as OperationId[]).map(
    (name) => `- ${routeText(name)} ${ELSEWHERE[name]?.split(':')[0]}.`,
  );
  return [
    `${INTRODUCTION}| route | of | ${ROLES.join(' | ')} |`,
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    'No question of roles:',
    '',
    ...others,
    '',
  ].join('\n');
}

function routeText(name: OperationId): string {
  const { method, path }: Route = ROUTES[name];
  return `\`${method.toUpperCase()} ${path}\``;
}

function signs(verdicts: string): string {
  return verdicts.padEnd(PLACES.length).split('').join(' ');
}
