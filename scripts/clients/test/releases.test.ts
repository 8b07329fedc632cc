import { describe, expect, it } from 'vitest';
import { CLAUDE_CODE, CODEX, GEMINI_CLI, OPENCODE, type Platform } from '../releases.ts';

const linux: Platform = { system: 'linux', processor: 'x64', isMusl: false, hasAvx2: true };
const mac: Platform = { system: 'darwin', processor: 'arm64', isMusl: false, hasAvx2: true };

describe('the package that npm installs for a client', () => {
  it.each([
    ['Claude Code on Linux', CLAUDE_CODE, linux, '@anthropic-ai/claude-code-linux-x64@1.2.3'],
    [
      'Claude Code on musl',
      CLAUDE_CODE,
      { ...linux, isMusl: true },
      '@anthropic-ai/claude-code-linux-x64-musl@1.2.3',
    ],
    ['Codex on a Mac', CODEX, mac, '@openai/codex@1.2.3-darwin-arm64'],
    [
      'OpenCode on an old processor',
      OPENCODE,
      { ...linux, hasAvx2: false },
      'opencode-linux-x64-baseline@1.2.3',
    ],
    ['Gemini CLI anywhere', GEMINI_CLI, mac, '@google/gemini-cli@1.2.3'],
  ])('is the one of the platform: %s', (_, release, platform, wanted) => {
    expect(release.packageFor('1.2.3', platform)).toBe(wanted);
  });
});
