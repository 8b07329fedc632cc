import { text } from '../behaviours/answers.ts';
import { opencodes } from '../clients/opencode.ts';
import { cellsOf } from '../options.ts';
import { upstreamsNamed } from '../upstreams.ts';
import { describeClient } from './describe-client.ts';

const [, ...otherAdapters] = opencodes;

describeClient({
  number: 92,
  clients: opencodes,
  others: cellsOf(otherAdapters, upstreamsNamed('chat'), [text]),
});
