/** One setting as `--help` shows it. */
export interface HelpedSetting {
  readonly name: string;
  readonly description: string;
  readonly accepts: string;
  /** What holds when it is not set, in words. */
  readonly fallback: string;
}

/** What a process prints for `--help`, taken apart. */
export interface Help {
  /** What the process does. */
  readonly summary: string;
  readonly settings: readonly HelpedSetting[];
}

const SETTING = /^ {2}([A-Z][A-Z0-9_]*)\n {6}(.+)\n {6}(.+); (required|optional|default .+)$/gm;

export function readHelp(text: string): Help {
  const [, summary = ''] = /^[^:\n]+: (.+)$/m.exec(text) ?? [];
  const settings = [...text.matchAll(SETTING)].map(
    ([, name = '', description = '', accepts = '', fallback = '']) => ({
      name,
      description,
      accepts,
      fallback,
    }),
  );
  return { summary, settings };
}
