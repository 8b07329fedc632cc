// A thread that serves Auth: it answers with the key, and ends itself in the middle of a call for the key `end`.

import { workerData } from 'node:worker_threads';
import { type Auth, AuthDefinition, AuthenticateResponse } from '@ai-switch/contracts';
import { serveThread } from '../src/index.ts';

const authenticate: Auth['authenticate'] = async ({ key }) => {
  if (key === 'end') process.exit(1);
  return AuthenticateResponse.create({ caller: { keyId: key } });
};
serveThread(AuthDefinition, { authenticate } as Auth, workerData);
