import type { Command } from 'commander';
import { accessLogCommand } from './access-log.ts';
import { aliasesCommand } from './aliases.ts';
import { auditCommand } from './audit/audit-command.ts';
import { auditEventsCommand } from './audit-events.ts';
import { command, withCommon } from './command-line.ts';
import { companiesCommand } from './companies.ts';
import { connectCommand } from './connect.ts';
import { credentialsCommand } from './credentials.ts';
import { departmentsCommand } from './departments.ts';
import { identityProvidersCommand } from './identity-providers.ts';
import { importCommand } from './import.ts';
import { keysCommand } from './keys.ts';
import { migrateDatabaseCommand } from './migrate-database.ts';
import { policiesCommand } from './policies.ts';
import { pricesCommand } from './prices.ts';
import { projectsCommand } from './projects.ts';
import { providersCommand } from './providers.ts';
import { quotasCommand } from './quotas/quotas-command.ts';
import { requestsCommand } from './requests.ts';
import { rolesCommand } from './roles.ts';
import { rulesCommand } from './rules.ts';
import { passwordsCommand, sessionsCommand, whoAmICommand } from './sessions.ts';
import { usageCommand } from './usage.ts';
import { usersCommand } from './users.ts';

/** Every command, with the options that all of them have. */
export function cliProgram(): Command {
  const program = command(
    'npm run cli --',
    'Administers a running AI-Switch gateway through its admin API.',
    [
      'npm run cli -- providers add openai --credential-env OPENAI_API_KEY',
      'npm run cli -- users add alice',
      'npm run cli -- keys add alice --label laptop',
      'npm run cli -- import org.csv --dry-run',
      'npm run cli -- quotas set alice --input 5000000 --output 1000000',
      'npm run cli -- aliases set fast --to openai/gpt-5.5 --fallback local/qwen3:8b',
      'npm run cli -- access-log list --user alice',
      'npm run cli -- connect claude-code --write',
    ],
  );

  const resources = [
    companiesCommand(),
    departmentsCommand(),
    usersCommand(),
    rolesCommand(),
    projectsCommand(),
    keysCommand(),
    providersCommand(),
    credentialsCommand(),
    aliasesCommand(),
    pricesCommand(),
    quotasCommand(),
    requestsCommand(),
    policiesCommand(),
    rulesCommand(),
    sessionsCommand(),
    passwordsCommand(),
    identityProvidersCommand(),
    accessLogCommand(),
    auditEventsCommand(),
    auditCommand(),
  ];
  for (const resource of resources) {
    for (const verb of resource.commands) withCommon(verb).exitOverride();
    program.addCommand(resource.exitOverride());
  }
  for (const single of [importCommand(), usageCommand(), whoAmICommand()]) {
    program.addCommand(withCommon(single).exitOverride());
  }
  program.addCommand(withCommon(connectCommand(), 'the key that the client is to use').exitOverride());
  program.addCommand(migrateDatabaseCommand().exitOverride());
  return program.exitOverride();
}
