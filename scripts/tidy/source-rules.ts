import type { Repository, Rule, Violation } from './repository.ts';
import { isCode, lineAt, type Source } from './source.ts';

const FILE_LINES_MAX = 400;

/** Longer files, and why they are one. */
const LONG_FOR_A_REASON: Readonly<Record<string, string>> = {
  'scripts/run.mjs': 'sets up a fresh clone, where nothing but itself can be counted on',
};

/** What ships: not tests, not scripts, not configuration. */
function isProduct(source: Source): boolean {
  return isCode(source.path) && /^(?:packages|services)\/[^/]+\/src\//.test(source.path);
}

/** The environment is read in files named config.ts alone, where each variable is declared, bounded and described. */
export const environmentIsReadInConfig: Rule = inCode(
  (source) => isProduct(source) && !source.path.endsWith('/config.ts') && source.unit !== 'packages/testkit',
  /\bprocess\s*\??\.\s*env\b|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/g,
  'read the environment in config.ts, through readSettings, and pass the value',
);

/** Which main.ts ran is the edition; nothing else knows of it. */
export const nobodyAsksForTheEdition: Rule = (repository) => [
  ...inCode(
    isProduct,
    /\b(?:is|has|in)(?:Enterprise|Smb|SMB|Standalone|Cluster)(?:Mode|Edition)?\b|\bedition\b|\b(?:SMB|smb)\b|\b(?:deployment|run)Mode\b/g,
    'no code asks which edition it runs in: let the main.ts hand over the part that differs',
  )(repository),
  ...inText(
    isProduct,
    /[!=]==?\s*['"](?:enterprise|smb|standalone|cluster)['"]/gi,
    'no code asks which edition it runs in: let the main.ts hand over the part that differs',
  )(repository),
];

export const nothingWritesToTheConsole: Rule = inCode(
  ({ path }) => isCode(path),
  /\bconsole\s*\??\.\s*\w/g,
  'use the logger of packages/telemetry, or process.stdout.write in a command',
);

/** An escape from the type checker hides the mistake that it would have found. */
export const nothingEscapesTheTypes: Rule = (repository) => [
  ...inCode(
    ({ path }) => isCode(path),
    /(?::|\bas|<|\||,|=)\s*any\b(?!\s*[:(.?])|\bany\[\]/g,
    'name the type, or use unknown and narrow it',
  )(repository),
  ...inText(
    ({ path }) => isCode(path),
    /@ts-(?:ignore|nocheck)\b/g,
    'mend the type error instead of hiding it',
  )(repository),
];

const UNFINISHED = new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|X{3})\\b`, 'g');

export const nothingIsLeftToDo: Rule = inText(
  ({ path }) => isCode(path) || /\.(?:proto|ya?ml|json|sh)$/.test(path),
  UNFINISHED,
  'do it now or open an issue: the code says what is, not what is missing',
);

export function filesAreReadAtASitting(repository: Repository): readonly Violation[] {
  return repository.files
    .filter(({ path }) => isCode(path) && !path.includes('/generated/') && !(path in LONG_FOR_A_REASON))
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > FILE_LINES_MAX)
    .map(({ path, lines }) => ({
      path,
      line: 0,
      message: `${lines} lines are too many to read at a sitting (at most ${FILE_LINES_MAX}): split it by what it decides`,
    }));
}

/** A rule about code alone: neither comments nor the contents of strings count. */
function inCode(applies: (source: Source) => boolean, pattern: RegExp, message: string): Rule {
  return matching(applies, (source) => source.code, pattern, message);
}

function inText(applies: (source: Source) => boolean, pattern: RegExp, message: string): Rule {
  return matching(applies, (source) => source.text, pattern, message);
}

function matching(
  applies: (source: Source) => boolean,
  read: (source: Source) => string,
  pattern: RegExp,
  message: string,
): Rule {
  return (repository) =>
    repository.files.filter(applies).flatMap((source) =>
      [...read(source).matchAll(pattern)].map((match) => ({
        path: source.path,
        line: lineAt(source.text, match.index),
        message: `\`${match[0].trim()}\`: ${message}`,
      })),
    );
}
