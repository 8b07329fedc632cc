import { codex } from '../clients/codex.ts';
import { describeClient } from './describe-client.ts';

describeClient({ number: 91, clients: [codex] });
