import { findProviderKind } from '@ai-switch/upstream';
import { CliError } from '../cli-error.ts';
import { askGateway, type Row } from '../client.ts';

export interface ListedModel {
  readonly name: string;
  readonly provider: string;
}

/** The models that a key may ask for, as every client sees them. */
export async function listModels(url: string, key: string | undefined): Promise<readonly ListedModel[]> {
  const { data } = await askGateway(url, key, '/v1/models');
  if (!Array.isArray(data)) throw new CliError(`what answers at ${url} is no AI-Switch gateway`);
  return data.map((model: Row) => ({ name: String(model.id), provider: String(model.owned_by) }));
}

// Lists hold models for other ends than conversation.
const OTHER_ENDS =
  /embed|whisper|tts|audio|image|dall-e|moderation|realtime|transcribe|rerank|video|veo|imagen|sora/i;

/** A model that answers chats: the first that its provider is known for, if there is any. */
export function modelForChats(models: readonly ListedModel[]): string | undefined {
  const providers = new Set(models.map(({ provider }) => provider));
  const known = [...providers].flatMap((provider) => findProviderKind(provider)?.fallbackModels ?? []);
  const names = models.map(({ name }) => name);
  return (
    known.find((name) => names.includes(name)) ?? names.find((name) => !OTHER_ENDS.test(name)) ?? names[0]
  );
}
