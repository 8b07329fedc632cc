import { BLOCKED_WORDS, type ClusterSite } from './site.ts';

/** Says what a rule forbids, until it is told to stop; notes the requests that the gateway said it has blocked. */
export async function blockedClient(
  { cluster, keys }: ClusterSite,
  place: number,
  isOver: () => boolean,
  note: (requestId: string) => void,
): Promise<void> {
  const key = keys[place % keys.length] ?? '';
  const body = JSON.stringify({
    model: 'chat',
    messages: [{ role: 'user', content: `Tell me about ${BLOCKED_WORDS}.` }],
  });
  while (!isOver()) {
    const requestId = await fetch(`${cluster.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(15_000),
    }).then(
      async (response) => {
        const text = await response.text();
        return text.includes('confidential') ? (response.headers.get('x-request-id') ?? '') : '';
      },
      () => '',
    );
    if (requestId !== '') note(requestId);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
