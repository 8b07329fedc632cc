import { maskStrings } from './mask.ts';

/** One committed file. */
export interface Source {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
  /**
   * The same text with comments and the contents of strings blanked, position by position, so that a rule about code
   * finds code only. Equal to `text` for a file that is not JavaScript or TypeScript.
   */
  readonly code: string;
  readonly imports: readonly Import[];
  /** `packages/db`, `services/auth`, or `` for the root: scripts and the configuration. */
  readonly unit: string;
  /** True for what only tests and development load. */
  readonly isTest: boolean;
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

export function sourceOf(path: string, text: string): Source {
  const isScript = isCode(path);
  const code = isScript ? maskStrings(text) : text;
  return {
    path,
    text,
    code,
    imports: isScript ? importsOf(text, code) : [],
    unit: /^(?:packages|services)\/[^/]+(?=\/)/.exec(path)?.[0] ?? '',
    isTest: /(?:^|\/)test\//.test(path),
  };
}

export function isCode(path: string): boolean {
  return /\.(?:[cm]?[jt]s|[jt]sx)$/.test(path);
}

export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < index; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

// Found in the masked code, where a string is its quotes around blanks, and read from the text.
const IMPORT = /\b(?:import|export)\b(?:[^'"`;()=]*?\bfrom)?\s*(['"])( *)\1|\bimport\s*\(\s*(['"])( *)\3/g;

function importsOf(text: string, code: string): readonly Import[] {
  return [...code.matchAll(IMPORT)].map((match) => {
    const length = (match[2] ?? match[4] ?? '').length;
    const end = match.index + match[0].length - 1;
    return { specifier: text.slice(end - length, end), line: lineAt(text, match.index) };
  });
}
