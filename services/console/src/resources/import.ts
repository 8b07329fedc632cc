import { ImportLine, type ImportProblem } from '@ai-switch/contracts';
import type { Handlers } from '../handler.ts';
import { readImportCsv } from '../import/read-csv.ts';
import type { OrganisationRoutes } from '../routes/organisation-routes.ts';
import type { ActorPorts } from './handlers.ts';

export const importOrganisation = ({
  organisation,
}: ActorPorts): Handlers<Pick<OrganisationRoutes, 'importOrganisation'>> => ({
  importOrganisation: async ({ actor, query: { dryRun: isDryRun = false }, body }) => {
    const { lines, problems } = typeof body === 'string' ? readImportCsv(body) : linesOf(body.lines);
    // What cannot be read is reported together with what cannot be done.
    const report = await organisation.importOrganisation({
      actor,
      lines: [...lines],
      isDryRun: isDryRun || problems.length > 0,
    });
    const all = [...problems, ...report.problems].sort((left, right) => left.line - right.line);
    const { problems: _told, ...counts } = report;
    return { body: { ...counts, isDryRun, problems: all } };
  },
});

interface Lines {
  readonly lines: readonly ImportLine[];
  readonly problems: readonly ImportProblem[];
}

type GivenLine = {
  readonly department: string;
  readonly user: string;
  readonly role: string;
  readonly projects: readonly string[];
};

function linesOf(given: readonly GivenLine[]): Lines {
  const lines = given.map(({ department, user, role, projects }, index) =>
    ImportLine.create({
      line: index + 1,
      department: department === '' ? [] : department.split('/').map((name) => name.trim()),
      user,
      role,
      projects: [...projects],
    }),
  );
  return { lines, problems: [] };
}
