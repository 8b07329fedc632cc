import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { ReplyOf, Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { table } from './output.ts';
import { readTextFile } from './read-file.ts';

/** The bound of the admin API. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

const PROBLEM_COLUMNS = {
  LINE: (row: Row) => row.line,
  COLUMN: (row: Row) => row.column,
  PROBLEM: (row: Row) => row.problem,
};

export function importCommand(): Command {
  return command(
    'import',
    'add departments, users, roles and projects from a CSV file: all of it or nothing',
    ['npm run cli -- import org.csv --dry-run', 'npm run cli -- import org.csv'],
  )
    .addHelpText(
      'after',
      `
The file has a header and then a line for each user, or each department without one:

  department,user,role,projects
  Research/Models/Training,alice,departmentAdmin,web;search
  Research,bob,,

What is there already is left as it is. With a line that is wrong nothing is changed, and every such line is told.`,
    )
    .argument('<file>', 'comma-separated values in UTF-8')
    .option('--dry-run', 'check and report, change nothing')
    .action(async (path: string, { dryRun }: { dryRun?: true }, self: Command) => {
      const session = sessionOf(self);
      const body = await readTextFile(path, FILE_BYTES_MAX);
      const query = { dryRun: dryRun === true ? ('true' as const) : ('false' as const) };
      const report = await session.client.call('POST', '/import', { query, body });
      session.print(report, reportText(report));
      if (report.problems.length > 0) throw new CliError('nothing was changed');
    });
}

function reportText(report: ReplyOf<'/import', 'POST'>): string {
  const { problems, isDryRun } = report;
  if (problems.length > 0)
    return `lines that are wrong: ${problems.length}\n\n${table(problems, PROBLEM_COLUMNS)}`;
  const counts: readonly (readonly [string, number])[] = [
    ['departments', report.departmentsCreated],
    ['users', report.usersCreated],
    ['roles', report.rolesGranted],
    ['projects', report.projectsCreated],
    ['members of projects', report.membersAdded],
    ['lines unchanged', report.linesUnchanged],
  ];
  const lines = counts.map(([name, count]) => `  ${name.padEnd(20)} ${count}`);
  return [isDryRun ? 'this would add:' : 'added:', ...lines].join('\n');
}
