import { countTokens } from '../behaviours/counting.ts';
import { claudeCode } from '../clients/claude-code.ts';
import { cellsOf } from '../options.ts';
import { upstreamsNamed } from '../upstreams.ts';
import { describeClient } from './describe-client.ts';

describeClient({
  number: 90,
  clients: [claudeCode],
  others: cellsOf([claudeCode], upstreamsNamed('chat', 'messages'), [countTokens]),
});
