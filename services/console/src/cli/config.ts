import { CliError } from './cli-error.ts';

const URL_DEFAULT = 'http://127.0.0.1:8787';

/** What the CLI takes from the environment when an option does not say otherwise. */
export function settingsFromEnvironment(): { readonly url: string; readonly key: string | undefined } {
  return { url: process.env.AISWITCH_URL || URL_DEFAULT, key: process.env.AISWITCH_KEY || undefined };
}

/** Folders of clients that their own variables move; undefined where they stand in the home folder. */
export function clientFoldersFromEnvironment(): {
  readonly claudeFolder: string | undefined;
  readonly codexFolder: string | undefined;
  readonly xdgFolder: string | undefined;
} {
  return {
    claudeFolder: process.env.CLAUDE_CONFIG_DIR || undefined,
    codexFolder: process.env.CODEX_HOME || undefined,
    xdgFolder: process.env.XDG_CONFIG_HOME || undefined,
  };
}

/** For a process that is started: what this one has, and more. */
export function environmentWith(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...more };
}

/** The credential in the variable that the admin named. */
export function credentialFromEnvironment(name: string): string {
  const credential = process.env[name]?.trim();
  if (!credential) throw new CliError(`the environment variable ${name} is not set, or empty`);
  return credential;
}
