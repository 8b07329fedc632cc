import { type RunningStandalone, startStandalone } from '../standalone.ts';
import { MODEL } from './answers.ts';

/**
 * AI-Switch standalone with the scripted upstream as a provider. Every stage is on: the key is real, each request is
 * reserved and settled in SQLite files on the disk, and goes into the access log.
 */
export async function startGateway(
  upstreamPort: number,
  dataFolder: string,
  profileFolder: string | undefined,
): Promise<RunningStandalone> {
  const profile = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const gateway = await startStandalone(dataFolder, profile);
  try {
    await addProvider(gateway.port, gateway.apiKey, upstreamPort);
    return gateway;
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

async function addProvider(port: number, apiKey: string, upstreamPort: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/api/admin/v1/providers/bench`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      kind: 'custom',
      dialect: 'openai-chat',
      baseUrl: `http://127.0.0.1:${upstreamPort}/v1`,
      credential: 'bench-credential',
      models: [MODEL],
    }),
  });
  if (!response.ok) {
    throw new Error(`the provider could not be added: ${response.status} ${await response.text()}`);
  }
}
