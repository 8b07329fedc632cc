import { describe, expect, it } from 'vitest';
import { text } from '../behaviours/answers.ts';
import { countTokens } from '../behaviours/counting.ts';
import type { CellResult } from '../cell.ts';
import { codex } from '../clients/codex.ts';
import { geminiCli } from '../clients/gemini-cli.ts';
import { printMatrix } from '../matrix.ts';
import { upstreamsNamed } from '../upstreams.ts';

const [chat, gemini] = upstreamsNamed('chat', 'gemini');

describe('the matrix', () => {
  it('has a table for each client, with its release, and says what fails', () => {
    const installed = new Map([
      ['codex', { version: '1.2.3', program: 'codex' }],
      ['gemini-cli', { version: '4.5.6', program: 'gemini' }],
    ]);
    const results = [
      resultOf(codex, chat, text),
      resultOf(codex, gemini, text, 'not so: the client is content (it ends with 1 |\n 2)', 'more'),
      resultOf(geminiCli, gemini, countTokens),
    ];
    expect(printMatrix(results, installed)).toBe(
      [
        '2 of 3 cells pass.',
        '',
        '### Codex CLI 1.2.3',
        '',
        '|  | OpenAI Chat | Gemini |',
        '| --- | --- | --- |',
        '| plain text | pass | **fails**: not so: the client is content (it ends with 1 \\| 2) |',
        '',
        '### Gemini CLI 4.5.6',
        '',
        '|  | Gemini |',
        '| --- | --- |',
        '| count_tokens | pass |',
      ].join('\n'),
    );
  });
});

function resultOf(
  client: CellResult['client'],
  upstream: CellResult['upstream'] | undefined,
  behaviour: CellResult['behaviour'],
  ...failures: readonly string[]
): CellResult {
  if (upstream === undefined) throw new Error('there is no such upstream');
  return { client, upstream, behaviour, failures, elapsedMs: 1, record: { ended: undefined, requests: [] } };
}
