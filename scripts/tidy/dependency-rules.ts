import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import type { Repository, Violation } from './repository.ts';
import type { Import, Source } from './source.ts';

const SCOPE = '@ai-switch/';
const TESTKIT = 'packages/testkit';
const COMPOSITION = 'services/standalone';

/** What a package may use of the workspace. A package that is not here uses none until somebody decides. */
const PACKAGE_ARROWS: Readonly<Record<string, readonly string[]>> = {
  'packages/contracts': [],
  'packages/kernel': [],
  'packages/dialects': [],
  'packages/rpc': ['packages/contracts', 'packages/kernel', 'packages/telemetry'],
  'packages/db': ['packages/kernel'],
  'packages/telemetry': ['packages/kernel'],
  'packages/redis': ['packages/kernel', 'packages/telemetry'],
  'packages/guard': ['packages/kernel', 'packages/redis'],
  'packages/routing': ['packages/kernel'],
  'packages/event-log': ['packages/contracts', 'packages/db', 'packages/kernel', 'packages/telemetry'],
  'packages/upstream': ['packages/dialects', 'packages/kernel'],
  'packages/testkit': [
    'packages/contracts',
    'packages/db',
    'packages/kernel',
    'packages/rpc',
    'packages/telemetry',
  ],
};

/** Units of the workspace use each other only downwards: services use packages, standalone uses everything. */
export function arrowsPointDown(repository: Repository): readonly Violation[] {
  const units = unitsByName(repository);
  const violations: Violation[] = [];
  for (const source of repository.files) {
    for (const { specifier, line } of source.imports) {
      const target = units.get(packageNameOf(specifier));
      const message = target === undefined ? undefined : refusalOf(source.unit, target, source.isTest);
      if (message !== undefined) violations.push({ path: source.path, line, message });
    }
  }
  for (const { path, unit, manifest } of manifestsOf(repository)) {
    for (const [names, isTest] of [
      [manifest.dependencies, false],
      [manifest.devDependencies, true],
    ] as const) {
      for (const name of Object.keys(names ?? {})) {
        const target = units.get(name);
        const message = target === undefined ? undefined : refusalOf(unit, target, isTest);
        if (message !== undefined) violations.push({ path, line: 0, message });
      }
    }
  }
  return violations;
}

function refusalOf(from: string, to: string, isTest: boolean): string | undefined {
  if (from === to || from === '') return undefined;
  if (to === TESTKIT) {
    return isTest ? undefined : `${to} is for tests: move what the product needs out of it`;
  }
  if (from.startsWith('packages/')) {
    if (to.startsWith('services/'))
      return `a package never uses a service (${to}): move the shared part into a package`;
    if (isTest || PACKAGE_ARROWS[from]?.includes(to)) return undefined;
    return `${from} does not use ${to}: turn the arrow round, or decide it in scripts/tidy/dependency-rules.ts`;
  }
  if (to.startsWith('services/') && from !== COMPOSITION && !isTest) {
    return `a service never uses a service (${to}): call it through its port, which a main hands in`;
  }
  return undefined;
}

/** `packages/dialects` is pure: its sources import their own files and nothing else, not even Node. */
export function dialectsImportNothing(repository: Repository): readonly Violation[] {
  const sources = repository.files.filter(({ unit, isTest }) => unit === 'packages/dialects' && !isTest);
  return sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ specifier }) => !specifier.startsWith('.'))
      .map(({ specifier, line }) => ({
        path,
        line,
        message: `dialects import only their own files, not ${specifier}: take what it gives as a parameter`,
      })),
  );
}

/**
 * A unit imports what its own package.json declares, so that it can be built and shipped by itself. Its tests may also
 * use what the root declares for all of them, the test runner, and what the exports of another unit hold for tests.
 */
export function importsAreDeclared(repository: Repository): readonly Violation[] {
  const manifests = new Map(manifestsOf(repository).map(({ unit, manifest }) => [unit, manifest]));
  return repository.files.flatMap((source) => {
    const manifest = manifests.get(source.unit) ?? {};
    const isDevelopment = source.isTest || source.unit === '';
    const declared = new Set([
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys((isDevelopment && manifest.devDependencies) || {}),
      ...Object.keys((isDevelopment && manifests.get('')?.devDependencies) || {}),
    ]);
    const list = isDevelopment ? 'devDependencies' : 'dependencies';
    return source.imports.flatMap((each) => {
      const message = importProblem(source, each, declared, list);
      return message === undefined ? [] : [{ path: source.path, line: each.line, message }];
    });
  });
}

function importProblem(
  source: Source,
  { specifier }: Import,
  declared: ReadonlySet<string>,
  list: string,
): string | undefined {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(source.path), specifier);
    const isOwn =
      source.unit === '' ? !/^(?:packages|services)\//.test(target) : target.startsWith(`${source.unit}/`);
    return isOwn ? undefined : `${specifier} leaves the package: import it by its package name`;
  }
  if (specifier.startsWith('node:')) return undefined;
  if (builtinModules.includes(specifier)) return `write node:${specifier}`;
  const name = packageNameOf(specifier);
  const isTestsOnly = source.isTest && specifier.startsWith(`${name}/test/`);
  if (name.startsWith(SCOPE) && specifier !== name && !isTestsOnly)
    return `import ${name} as a whole: its index is what it offers`;
  if (declared.has(name)) return undefined;
  return `${name} is not declared: add it to the ${list} of ${source.unit === '' ? 'the root' : source.unit}/package.json`;
}

function packageNameOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

interface Manifest {
  readonly name?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function manifestsOf(repository: Repository) {
  return repository.files
    .filter(({ path, unit }) => path === (unit === '' ? 'package.json' : `${unit}/package.json`))
    .map(({ path, unit, text }) => ({ path, unit, manifest: JSON.parse(text) as Manifest }));
}

function unitsByName(repository: Repository): ReadonlyMap<string, string> {
  return new Map(manifestsOf(repository).map(({ unit, manifest }) => [manifest.name ?? '', unit]));
}
