import { describe, expect, it } from 'vitest';
import { CLIENTS } from '../clients/index.ts';
import { CLIENTS_HELP, readOptions } from '../options.ts';
import { UPSTREAMS } from '../upstreams.ts';

describe('the options of test:clients', () => {
  it('run every client with every upstream when there are none', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ isWhole: true, isLatest: false });
    for (const client of CLIENTS) {
      const upstreams = new Set(
        options?.cells.filter((cell) => cell.client === client).map(({ upstream }) => upstream),
      );
      expect([...upstreams]).toEqual(UPSTREAMS);
    }
  });

  it('choose cells, and the document is then left as it is', () => {
    const options = readOptions(['--client', 'codex', '--upstream', 'chat,gemini', '--behaviour', 'tools']);
    expect(options?.cells.map(({ upstream }) => upstream.name)).toEqual(['chat', 'gemini']);
    expect(options?.isWhole).toBe(false);
  });

  it('leave the document as it is for the newest releases', () => {
    expect(readOptions(['--latest'])?.isWhole).toBe(false);
  });

  it('have a short form of one task and two upstreams for each client, none of the dialect that it speaks itself', () => {
    const cells = readOptions(['--short'])?.cells ?? [];
    expect(cells.map(({ client, upstream }) => `${client.name} ${upstream.name}`)).toEqual([
      'claude-code responses',
      'claude-code gemini',
      'codex chat',
      'codex messages',
      'opencode messages',
      'opencode gemini',
      'gemini-cli chat',
      'gemini-cli responses',
    ]);
  });

  it.each([
    [['--client', 'cursor'], '--client knows claude-code, codex'],
    [['--behaviour', 'flying'], 'not flying'],
    [['--client', 'codex', '--behaviour', 'discovery'], 'there is no such cell'],
    [['--short', '--behaviour', 'text'], '--short has one behaviour'],
  ])('that say nothing are refused: %s', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });

  it('name every client in the help', () => {
    for (const { name } of CLIENTS) expect(CLIENTS_HELP).toContain(name);
  });
});
