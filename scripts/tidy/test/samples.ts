export interface Sample {
  /** A title of RULES. */
  readonly rule: string;
  readonly path: string;
  readonly text: string;
  /** Other files of the small repository that the rule looks at. */
  readonly around?: Readonly<Record<string, string>>;
}

export interface ViolationSample extends Sample {
  /** Stands in what is printed. */
  readonly finds: string;
}

const manifest = (name: string, rest: object = {}) => JSON.stringify({ name: `@ai-switch/${name}`, ...rest });

const WORKSPACE = {
  'package.json': JSON.stringify({ name: 'ai-switch', devDependencies: { vitest: '1' } }),
  'packages/db/package.json': manifest('db', { dependencies: { kysely: '1' }, devDependencies: { pg: '1' } }),
  'packages/dialects/package.json': manifest('dialects'),
  'packages/kernel/package.json': manifest('kernel'),
  'packages/rpc/package.json': manifest('rpc'),
  'packages/testkit/package.json': manifest('testkit'),
  'services/auth/package.json': manifest('auth'),
  'services/router/package.json': manifest('router'),
  'services/standalone/package.json': manifest('standalone'),
};

const ARROWS = 'arrows between packages and services point down';
const DECLARED = 'every import is declared by the package that makes it';
const ENVIRONMENT = 'the environment is read in config.ts alone';
const EDITION = 'no code asks which edition it runs in';
const TYPES = 'nothing escapes the type checker';
const LEFT = 'nothing is left to do';
const TESTED = 'every package and service has tests';
const PLACED = 'every test lies where it is run';
const STARTS = 'every service can start by itself';
const DESCRIBED = 'every service and rpc in proto is described';
const GOLDENS = 'every fixture has goldens';
const LINKS = 'every link in a document leads somewhere';
const MACHINE = 'nothing committed is of one machine or registry';

// In two halves, so that the rules do not find their own samples in this file.
const LATER = ['TO', 'DO'].join('');
const BROKEN = ['FIX', 'ME'].join('');
const SLASH = '/';
const HTTPS = 'https:';
const UNCHECKED = ['@ts', 'ignore'].join('-');

const inWorkspace = (rule: string, path: string, text: string) => ({ rule, path, text, around: WORKSPACE });

export const VIOLATIONS: readonly ViolationSample[] = [
  {
    ...inWorkspace(ARROWS, 'services/auth/src/auth.ts', "import { Router } from '@ai-switch/router';"),
    finds: 'services/auth/src/auth.ts:1  a service never uses a service (services/router)',
  },
  {
    ...inWorkspace(ARROWS, 'packages/db/src/open.ts', "\nexport * from '@ai-switch/auth';"),
    finds: 'packages/db/src/open.ts:2  a package never uses a service',
  },
  {
    ...inWorkspace(ARROWS, 'packages/db/test/open.test.ts', "import '@ai-switch/auth';"),
    finds: 'a package never uses a service',
  },
  {
    ...inWorkspace(ARROWS, 'packages/kernel/src/fault.ts', "import { serve } from '@ai-switch/rpc';"),
    finds: 'packages/kernel does not use packages/rpc',
  },
  {
    ...inWorkspace(ARROWS, 'services/auth/src/auth.ts', "import { databases } from '@ai-switch/testkit';"),
    finds: 'packages/testkit is for tests',
  },
  {
    ...inWorkspace(
      ARROWS,
      'services/auth/package.json',
      manifest('auth', { dependencies: { '@ai-switch/router': '*' } }),
    ),
    finds: 'services/auth/package.json  a service never uses a service',
  },
  {
    ...inWorkspace(
      ARROWS,
      'services/auth/package.json',
      manifest('auth', { dependencies: { '@ai-switch/testkit': '*' } }),
    ),
    finds: 'packages/testkit is for tests',
  },
  {
    rule: 'dialects import nothing but their own files',
    path: 'packages/dialects/src/usage.ts',
    text: "import { createHash } from 'node:crypto';",
    finds: 'not node:crypto',
  },
  {
    ...inWorkspace(DECLARED, 'packages/db/src/open.ts', "import pino from 'pino';"),
    finds: 'pino is not declared: add it to the dependencies of packages/db/package.json',
  },
  {
    ...inWorkspace(DECLARED, 'packages/db/src/open.ts', "import pg from 'pg';"),
    finds: 'pg is not declared',
  },
  {
    ...inWorkspace(DECLARED, 'packages/db/src/open.ts', "import { expect } from 'vitest';"),
    finds: 'vitest is not declared',
  },
  {
    ...inWorkspace(DECLARED, 'packages/db/src/open.ts', "import { Fault } from '../../kernel/src/fault.ts';"),
    finds: 'leaves the package',
  },
  {
    ...inWorkspace(DECLARED, 'scripts/test.ts', "import { Fault } from '../packages/kernel/src/fault.ts';"),
    finds: 'leaves the package',
  },
  {
    ...inWorkspace(DECLARED, 'packages/db/src/open.ts', "import { join } from 'path';"),
    finds: 'write node:path',
  },
  {
    ...inWorkspace(
      DECLARED,
      'packages/db/src/open.ts',
      "import { Fault } from '@ai-switch/kernel/src/fault.ts';",
    ),
    finds: 'import @ai-switch/kernel as a whole',
  },
  {
    ...inWorkspace(DECLARED, 'packages/db/src/open.ts', "import '@ai-switch/kernel/test/clock';"),
    finds: 'import @ai-switch/kernel as a whole',
  },
  {
    rule: ENVIRONMENT,
    path: 'services/auth/src/auth.ts',
    text: 'const port = process.env.PORT;',
    finds: 'config.ts',
  },
  {
    rule: ENVIRONMENT,
    path: 'services/auth/src/main.ts',
    text: 'const { env } = process;',
    finds: 'config.ts',
  },
  {
    rule: EDITION,
    path: 'services/auth/src/auth.ts',
    text: 'if (isEnterprise) start();',
    finds: 'isEnterprise',
  },
  { rule: EDITION, path: 'packages/db/src/open.ts', text: "if (edition === 'x') start();", finds: 'edition' },
  { rule: EDITION, path: 'packages/db/src/open.ts', text: 'if (mode === Mode.SMB) start();', finds: 'SMB' },
  {
    rule: EDITION,
    path: 'packages/db/src/open.ts',
    text: "if (mode !== 'standalone') start();",
    finds: 'edition',
  },
  {
    rule: 'nothing writes to the console',
    path: 'scripts/a.ts',
    text: "\nconsole.log('a');",
    finds: 'scripts/a.ts:2',
  },
  { rule: TYPES, path: 'packages/db/src/open.ts', text: 'function a(b: any) {}', finds: 'unknown' },
  { rule: TYPES, path: 'packages/db/src/open.ts', text: 'const a = b as any;', finds: 'unknown' },
  {
    rule: TYPES,
    path: 'packages/db/src/open.ts',
    text: 'const a = new Map<string, any>();',
    finds: 'unknown',
  },
  {
    rule: TYPES,
    path: 'packages/db/src/open.ts',
    text: `// ${UNCHECKED}\na();`,
    finds: 'mend the type error',
  },
  { rule: LEFT, path: 'packages/db/src/open.ts', text: `// ${LATER}: close it`, finds: LATER },
  { rule: LEFT, path: 'proto/aiswitch/v1/auth.proto', text: `// ${BROKEN} later`, finds: BROKEN },
  {
    rule: 'every file can be read at a sitting',
    path: 'scripts/long.ts',
    text: 'a();\n'.repeat(401),
    finds: '401 lines are too many',
  },
  { ...inWorkspace(TESTED, 'packages/db/test/fixture.ts', ''), finds: 'packages/db  has no tests' },
  { rule: PLACED, path: 'packages/db/src/open.test.ts', text: '', finds: 'is never run' },
  { rule: PLACED, path: 'packages/db/test/open.spec.ts', text: '', finds: 'is never run' },
  {
    rule: STARTS,
    path: 'services/auth/src/config.ts',
    text: '',
    finds: 'services/auth/src/main.ts  is missing',
  },
  {
    rule: STARTS,
    path: 'services/auth/src/main.ts',
    text: '',
    finds: 'services/auth/src/config.ts  is missing',
  },
  {
    rule: DESCRIBED,
    path: 'proto/aiswitch/v1/auth.proto',
    text: '// The Auth port.\nservice Auth {\n  rpc Check(A) returns (B);\n}\n',
    finds: 'proto/aiswitch/v1/auth.proto:3  rpc Check has no comment',
  },
  {
    rule: DESCRIBED,
    path: 'proto/aiswitch/v1/auth.proto',
    text: 'syntax = "proto3";\n\nservice Auth {\n',
    finds: 'service Auth has no comment',
  },
  {
    rule: GOLDENS,
    path: 'packages/dialects/fixtures/openai-chat/tools.request.json',
    text: '{}',
    around: {
      'packages/dialects/fixtures/goldens/openai-chat/text.to-anthropic-messages.request.json': '{}',
      'packages/dialects/fixtures/goldens/openai-chat/tools.to-anthropic-messages.reply.json': '{}',
    },
    finds: 'tools.request.json  has no goldens',
  },
  {
    rule: LINKS,
    path: 'README.md',
    text: '# A\n\n[b](docs/b.md)\n',
    finds: 'README.md:3  the link docs/b.md',
  },
  { rule: LINKS, path: 'docs/a.md', text: '# A\n\n[b](#c)\n', finds: 'names no heading' },
  {
    rule: LINKS,
    path: 'README.md',
    text: '[b](docs/b.md#c)',
    around: { 'docs/b.md': '# D' },
    finds: 'no heading',
  },
  { rule: MACHINE, path: 'scripts/a.ts', text: `read('${SLASH}root/data')`, finds: 'a path of one machine' },
  { rule: MACHINE, path: 'docs/a.md', text: `cd ${SLASH}home/anna/code`, finds: 'a path of one machine' },
  { rule: MACHINE, path: '.npmrc', text: `a=${HTTPS}//registry.npmjs.org/`, finds: 'a registry address' },
  { rule: MACHINE, path: 'pnpm-lock.yaml', text: `tarball: ${HTTPS}//a.b/c.tgz`, finds: 'never addresses' },
];

export const TOLERATED: readonly Sample[] = [
  inWorkspace(ARROWS, 'services/standalone/src/main.ts', "import { Router } from '@ai-switch/router';"),
  inWorkspace(ARROWS, 'services/auth/src/main.ts', "import { serve } from '@ai-switch/rpc';"),
  inWorkspace(ARROWS, 'services/auth/test/auth.test.ts', "import { databases } from '@ai-switch/testkit';"),
  inWorkspace(ARROWS, 'packages/db/test/open.test.ts', "import { databases } from '@ai-switch/testkit';"),
  inWorkspace(
    DECLARED,
    'packages/db/src/open.ts',
    "import { sql } from 'kysely';\nimport 'node:fs';\nimport './b.ts';",
  ),
  inWorkspace(
    DECLARED,
    'packages/db/test/open.test.ts',
    "import pg from 'pg';\nimport { test } from 'vitest';\nimport '../src/open.ts';",
  ),
  inWorkspace(DECLARED, 'scripts/test.ts', "import { test } from 'vitest';"),
  { rule: ENVIRONMENT, path: 'services/auth/src/config.ts', text: 'read(process.env);' },
  { rule: ENVIRONMENT, path: 'services/auth/src/auth.ts', text: '// process.env is read in config.ts' },
  { rule: ENVIRONMENT, path: 'services/auth/test/auth.test.ts', text: 'spawn(a, { env: process.env });' },
  {
    rule: EDITION,
    path: 'services/standalone/src/main.ts',
    text: "createLogger({ service: 'standalone' });",
  },
  { rule: TYPES, path: 'packages/db/src/open.ts', text: '// as any\nPromise.any(a); const b = { any: 1 };' },
  { rule: LEFT, path: 'packages/db/src/open.ts', text: 'const methodOfTodo = 1;' },
  { rule: 'every file can be read at a sitting', path: 'scripts/long.ts', text: 'a();\n'.repeat(400) },
  { rule: TESTED, path: 'packages/db/test/open.test.ts', text: '' },
  { rule: PLACED, path: 'services/auth/test/cases/auth.test.ts', text: '' },
  {
    rule: PLACED,
    path: 'services/auth/test/auth.spec.ts',
    text: '',
    around: { 'services/auth/test/auth.test.ts': "import { authSpec } from './auth.spec.ts';" },
  },
  { rule: MACHINE, path: 'packages/dialects/fixtures/a/b.request.json', text: `"${SLASH}home/ada/code"` },
  {
    rule: STARTS,
    path: 'services/auth/src/main.ts',
    text: '',
    around: { 'services/auth/src/config.ts': '' },
  },
  {
    rule: DESCRIBED,
    path: 'proto/a.proto',
    text: '// The port.\n\nservice A {\n  // Looks.\n  rpc B(C) returns (D);\n',
  },
  {
    rule: LINKS,
    path: 'docs/a.md',
    text: '# A `b` c\n\n[x](../README.md#the-two-commands) [y](#a-b-c) [z](https://a.b) [w](..)\n\n```\n[v](gone.md)\n```\n',
    around: { 'README.md': '## The two commands' },
  },
  {
    rule: MACHINE,
    path: 'docs/a.md',
    text: 'curl http://127.0.0.1:8080/v1/models; cat ~/.config/a; ls $HOME/work/a',
  },
];
