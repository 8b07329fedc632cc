import { homedir } from 'node:os';
import { join } from 'node:path';
import { quoted } from './edit-environment-file.ts';

/** What a client is pointed at: this gateway, with a key and the models that it is to ask for. */
export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
  /** For titles, summaries and other small work, where a client has a setting for it. */
  readonly smallModel: string;
}

/** Where clients keep what belongs to a person. */
export interface Places {
  readonly home: string;
  /** Folders that the person moved elsewhere. */
  readonly claudeFolder?: string | undefined;
  readonly codexFolder?: string | undefined;
  readonly xdgFolder?: string | undefined;
}

/** One file of a client's configuration. */
export interface ConfigurationFile {
  readonly path: string;
  /**
   * The whole text with our settings in it; the same text when they already are. An empty text stands for no file.
   *
   * @throws CliError when the text is not what the client reads, or says something that contradicts
   */
  edit(text: string): string;
}

/** How one client is connected. */
export interface Setup {
  /** Empty for a client that keeps its settings where no file can be edited. */
  readonly files: readonly ConfigurationFile[];
  /** What the last file says, as environment variables, where the client takes them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Lines to follow or paste, for what is in no file. */
  readonly text?: string;
  /** What a person must know besides. */
  readonly notes: readonly string[];
}

export interface Client {
  readonly name: string;
  readonly title: string;
  setup(connection: Connection, places: Places): Setup;
}

/** The lines that a shell takes. */
export function exportLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}=${quoted(value)}`)
    .join('\n');
}

/** A path as people write it. */
export function shownPath(path: string): string {
  const home = join(homedir(), '/');
  return path.startsWith(home) ? `~/${path.slice(home.length)}` : path;
}
