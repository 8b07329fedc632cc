import type { Help, HelpedSetting } from './read-help.ts';

const INTRODUCTION = `# Settings

Every process is set by environment variables alone, and reads nothing else. This page is what each prints for \`--help\`: the test
\`npm test -- scripts/settings\` compares the two, and with \`UPDATE_SETTINGS=1\` it writes this page.

A variable that is absent or empty has its default; one that is required keeps a process from starting until it is set. A wrong value is one
line that names the variable and says what it takes. Traces have variables of their own, which are OpenTelemetry's: see
[OPERATIONS.md](OPERATIONS.md#traces).
`;

/** The page, made of what each process says of itself. */
export function settingsDocument(helps: ReadonlyMap<string, Help>): string {
  const sections = [...helps].map(([name, { summary, settings }]) =>
    [
      `## ${name}`,
      '',
      sentence(summary),
      '',
      '| variable | what it is | takes | if not set |',
      '|---|---|---|---|',
      ...settings.map(row),
      '',
    ].join('\n'),
  );
  return [INTRODUCTION, ...sections].join('\n');
}

function row({ name, description, accepts, fallback }: HelpedSetting): string {
  return `| \`${name}\` | ${cell(description)} | ${cell(accepts)} | ${cell(fallbackOf(fallback))} |`;
}

function fallbackOf(fallback: string): string {
  if (!fallback.startsWith('default ')) return fallback === 'required' ? '**required**' : 'nothing';
  return `\`${fallback.slice('default '.length).replace(/^"(.*)"$/, '$1')}\``;
}

function sentence(text: string): string {
  const end = text.endsWith('.') ? '' : '.';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
