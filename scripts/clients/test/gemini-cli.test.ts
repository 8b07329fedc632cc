import { image } from '../behaviours/answers.ts';
import { geminiCli } from '../clients/gemini-cli.ts';
import { cellsOf } from '../options.ts';
import { upstreamsNamed } from '../upstreams.ts';
import { describeClient } from './describe-client.ts';

describeClient({
  number: 93,
  clients: [geminiCli],
  others: cellsOf([geminiCli], upstreamsNamed('messages'), [image]),
});
