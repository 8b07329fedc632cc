import { posix } from 'node:path';
import type { Repository, Violation } from './repository.ts';

/** Units without tests of their own, and what proves them instead. */
const PROVED_ELSEWHERE: Readonly<Record<string, string>> = {
  'packages/contracts': 'is generated; the loopback and gRPC transports of every spec go through it',
  'packages/testkit': 'is test code; every spec runs on it',
};

/** Units that run only inside of another process. */
const WITHOUT_MAIN: readonly string[] = ['services/console'];

export function everyUnitHasTests(repository: Repository): readonly Violation[] {
  return unitsOf(repository)
    .filter((unit) => !(unit in PROVED_ELSEWHERE))
    .filter(
      (unit) =>
        !repository.files.some(({ path }) => path.startsWith(`${unit}/test/`) && path.endsWith('.test.ts')),
    )
    .map((unit) => ({ path: unit, line: 0, message: 'has no tests: add test/*.test.ts beside src/' }));
}

/** A test elsewhere is never run, unless it is a spec that tests import and run. */
export function testsLieWhereTheyRun(repository: Repository): readonly Violation[] {
  const imported = new Set(
    repository.files.flatMap(({ path, imports }) =>
      imports.map(({ specifier }) => posix.join(posix.dirname(path), specifier)),
    ),
  );
  return repository.files
    .filter(({ path }) => /\.(?:test|spec)\.[cm]?[jt]sx?$/.test(path))
    .filter(({ path }) => !/^(?:packages|services|scripts)\/(?:.*\/)?test\/.*\.test\.ts$/.test(path))
    .filter(({ path }) => !imported.has(path))
    .map(({ path }) => ({
      path,
      line: 0,
      message: 'is never run: move it below a test/ folder as <name>.test.ts',
    }));
}

export function everyServiceStartsByItself(repository: Repository): readonly Violation[] {
  const paths = new Set(repository.files.map(({ path }) => path));
  return unitsOf(repository)
    .filter((unit) => unit.startsWith('services/') && !WITHOUT_MAIN.includes(unit))
    .flatMap((unit) => [`${unit}/src/main.ts`, `${unit}/src/config.ts`])
    .filter((path) => !paths.has(path))
    .map((path) => ({
      path,
      line: 0,
      message: 'is missing: a service has a main.ts that starts it and a config.ts with its settings',
    }));
}

/** The comments in proto/ are the documentation of the ports. */
export function everyCallIsDescribed(repository: Repository): readonly Violation[] {
  return repository.files
    .filter(({ path }) => path.endsWith('.proto'))
    .flatMap(({ path, text }) => {
      const lines = text.split('\n');
      // A service may be described by the comment that opens its file.
      const hasOpening = lines[0]?.startsWith('//') === true;
      return lines.flatMap((text, index) => {
        const [, kind, name] = /^\s*(rpc|service)\s+(\w+)/.exec(text) ?? [];
        const isDescribed =
          /^\s*(?:\/\/|\*\/|\/\*)/.test(lines[index - 1] ?? '') || (kind === 'service' && hasOpening);
        if (kind === undefined || isDescribed) return [];
        const message = `${kind} ${name} has no comment: say what it does, its faults and what a repetition does`;
        return [{ path, line: index + 1, message }];
      });
    });
}

const FIXTURES = 'packages/dialects/fixtures/';
const KIND = /\.(?:request\.json|reply\.json|stream\.sse)$/;

/** The listing of the goldens is the matrix of what converts to what; a fixture without one proves nothing. */
export function everyFixtureHasGoldens(repository: Repository): readonly Violation[] {
  const names = repository.files.map(({ path }) => path).filter((path) => path.startsWith(FIXTURES));
  const goldens = names.filter((path) => path.startsWith(`${FIXTURES}goldens/`));
  return names
    .filter((path) => KIND.test(path) && !goldens.includes(path))
    .filter((path) => {
      const kind = KIND.exec(path)?.[0] ?? '';
      const stem = path.slice(FIXTURES.length, -kind.length);
      return !goldens.some(
        (name) => name.startsWith(`${FIXTURES}goldens/${stem}.to-`) && name.endsWith(kind),
      );
    })
    .map((path) => ({
      path,
      line: 0,
      message: 'has no goldens: run UPDATE_GOLDENS=1 npm test -- packages/dialects and read what it writes',
    }));
}

function unitsOf(repository: Repository): readonly string[] {
  return [...new Set(repository.files.map(({ unit }) => unit))].filter((unit) => unit !== '').sort();
}
