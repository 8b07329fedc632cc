// Which releases of the clients are run, and where npm has their programs: a package of its own for each platform.

import { readFileSync } from 'node:fs';

export interface Release {
  /** The name of the folder in the cache. */
  readonly name: string;
  /** The one that all that is written about the client was seen with. */
  readonly version: string;
  /** The package that says which is the newest. */
  readonly indexPackage: string;
  /** What npm installs, in npm's words. @throws Error when there is none for this platform */
  packageFor(version: string, platform: Platform): string;
  /** The program in it, from the folder that npm was told to install into. */
  programIn(platform: Platform): string;
  /** Whether the program is a script, which Node runs. */
  readonly isScript: boolean;
}

export interface Platform {
  readonly system: 'linux' | 'darwin';
  readonly processor: 'x64' | 'arm64';
  readonly isMusl: boolean;
  /** Without these instructions the usual build of some programs does not start. */
  readonly hasAvx2: boolean;
}

/** @throws Error with the reason why no client runs here */
export function currentPlatform(): Platform {
  const { platform: system, arch: processor } = process;
  if (system !== 'linux' && system !== 'darwin') throw new Error(`the clients are not run on ${system}`);
  if (processor !== 'x64' && processor !== 'arm64') throw new Error(`there are no clients for ${processor}`);
  const report = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string };
  };
  return {
    system,
    processor,
    isMusl: system === 'linux' && report.header?.glibcVersionRuntime === undefined,
    hasAvx2:
      system !== 'linux' || processor !== 'x64' || /\bavx2\b/.test(readFileSync('/proc/cpuinfo', 'utf8')),
  };
}

export const CLAUDE_CODE: Release = {
  name: 'claude-code',
  version: '2.1.330',
  indexPackage: '@anthropic-ai/claude-code',
  packageFor: (version, platform) => `${claudeCodePackage(platform)}@${version}`,
  programIn: (platform) => `node_modules/${claudeCodePackage(platform)}/claude`,
  isScript: false,
};

function claudeCodePackage({ system, processor, isMusl }: Platform): string {
  return `@anthropic-ai/claude-code-${system}-${processor}${isMusl ? '-musl' : ''}`;
}

export const CODEX: Release = {
  name: 'codex',
  version: '0.169.0',
  indexPackage: '@openai/codex',
  packageFor: (version, { system, processor }) => `@openai/codex@${version}-${system}-${processor}`,
  programIn: ({ system, processor }) => {
    const machine = processor === 'x64' ? 'x86_64' : 'aarch64';
    const triple = `${machine}-${system === 'linux' ? 'unknown-linux-musl' : 'apple-darwin'}`;
    return `node_modules/@openai/codex/vendor/${triple}/bin/codex`;
  },
  isScript: false,
};

export const OPENCODE: Release = {
  name: 'opencode',
  version: '1.18.33',
  indexPackage: 'opencode-ai',
  packageFor: (version, platform) => `${opencodePackage(platform)}@${version}`,
  programIn: (platform) => `node_modules/${opencodePackage(platform)}/bin/opencode`,
  isScript: false,
};

function opencodePackage({ system, processor, isMusl, hasAvx2 }: Platform): string {
  return `opencode-${system}-${processor}${hasAvx2 ? '' : '-baseline'}${isMusl ? '-musl' : ''}`;
}

export const GEMINI_CLI: Release = {
  name: 'gemini-cli',
  version: '0.61.0',
  indexPackage: '@google/gemini-cli',
  packageFor: (version) => `@google/gemini-cli@${version}`,
  programIn: () => 'node_modules/@google/gemini-cli/bundle/gemini.js',
  isScript: true,
};
