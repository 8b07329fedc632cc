import { posix } from 'node:path';
import type { Repository, Violation } from './repository.ts';
import { lineAt } from './source.ts';

/** Every relative link in a document leads to a file or folder of the repository, and its anchor to a heading. */
export function linksLeadSomewhere(repository: Repository): readonly Violation[] {
  const texts = new Map(repository.files.map(({ path, text }) => [path, text]));
  const folders = new Set([...texts.keys()].flatMap(foldersOf));
  return repository.files
    .filter(({ path }) => path.endsWith('.md'))
    .flatMap(({ path, text }) =>
      [...withoutCode(text).matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].flatMap((match) => {
        const problem = linkProblem(path, match[1] ?? '', texts, folders);
        return problem === undefined ? [] : [{ path, line: lineAt(text, match.index), message: problem }];
      }),
    );
}

function linkProblem(
  from: string,
  link: string,
  texts: ReadonlyMap<string, string>,
  folders: ReadonlySet<string>,
): string | undefined {
  if (/^[a-z][a-z+.-]*:|^\/\//i.test(link)) return undefined;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? from : posix.join(posix.dirname(from), decodeURI(file)).replace(/\/$/, '');
  const text = texts.get(target);
  if (text === undefined && !folders.has(target))
    return `the link ${link} leads nowhere: mend it or remove it`;
  if (anchor === undefined || text === undefined || !target.endsWith('.md')) return undefined;
  return headingsOf(text).has(anchor) ? undefined : `the link ${link} names no heading of ${target}`;
}

/** The anchors that GitHub makes of headings. */
function headingsOf(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutFences(text).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '');
    const slug = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

function withoutFences(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, blank);
}

function withoutCode(text: string): string {
  return withoutFences(text).replace(/`[^`\n]*`/g, blank);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return ['.', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))];
}

// A home folder, a Windows profile, or a checkout; `/home/<somebody>` and `$HOME` in documents are no machine's.
const MACHINE_PATH =
  /(?<![\w.~$}>-])(?:\/(?:home|Users)\/[a-z0-9_][\w.-]*\/|\/root\/|\/work\/[a-z]|[A-Za-z]:\\Users\\)/g;
const REGISTRY =
  /\bhttps?:\/\/[^\s'"`)>]*?(?:registry\.(?:npm|yarnpkg)|artifactory|nexus|verdaccio|npmmirror|\/npm\/)[^\s'"`)>]*/gi;

/** What works on one machine or behind one registry fails for everybody else. */
export function nothingIsOfOneMachine(repository: Repository): readonly Violation[] {
  return repository.files.flatMap(({ path, text }) => {
    const found = (pattern: RegExp, message: string) =>
      [...text.matchAll(pattern)].map((match) => ({
        path,
        line: lineAt(text, match.index),
        message: `\`${match[0]}\`: ${message}`,
      }));
    return [
      // A fixture is what somebody's tool sent: its paths are theirs and lead nowhere here.
      ...(path.includes('/fixtures/') ? [] : found(MACHINE_PATH, 'a path of one machine: make it relative')),
      ...found(REGISTRY, 'a registry address: leave the choice to whoever installs'),
      ...(path === 'pnpm-lock.yaml'
        ? found(
            /\b(?:tarball|resolved): *\S*https?:\S*/g,
            'a lockfile names versions and hashes, never addresses',
          )
        : []),
    ];
  });
}
