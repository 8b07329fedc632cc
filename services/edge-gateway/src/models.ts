// The list of models, in the form that the asking client's SDK expects: all of them ask the same address, and Anthropic's
// is told by its `anthropic-version` header.
// https://platform.openai.com/docs/api-reference/models, https://docs.claude.com/en/api/models-list

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Model } from '@ai-switch/contracts';
import { anthropicMessages, openaiChat } from '@ai-switch/dialects';
import { Fault } from '@ai-switch/kernel';
import { authenticate } from './authenticate.ts';
import type { EdgeParts } from './edge-parts.ts';
import { receive } from './receive.ts';
import { refuse } from './refuse.ts';

/** @param id the one model that is wanted; undefined for all */
export async function answerModels(
  edge: EdgeParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  id: string | undefined,
): Promise<void> {
  const isAnthropic = incoming.headers['anthropic-version'] !== undefined;
  const exchange = receive(edge, isAnthropic ? anthropicMessages : openaiChat, incoming, outgoing);
  try {
    edge.admit();
    const caller = await authenticate(edge, exchange);
    const { models } = await edge.ports.router.listModels({ tenant: caller.tenant });
    const permitted =
      caller.models.length === 0 ? models : models.filter(({ name }) => caller.models.includes(name));
    const body =
      id === undefined ? listBody(permitted, isAnthropic) : modelBody(find(permitted, id), isAnthropic);
    const bytes = Buffer.from(JSON.stringify(body));
    outgoing.writeHead(200, {
      'content-type': 'application/json',
      'content-length': bytes.length,
      'x-request-id': exchange.requestId,
      'request-id': exchange.requestId,
    });
    outgoing.end(bytes);
  } catch (error) {
    refuse(edge, exchange, error);
  } finally {
    edge.exchanges.delete(exchange);
  }
}

function find(models: readonly Model[], id: string): Model {
  const model = models.find(({ name }) => name === id);
  if (model === undefined) throw new Fault('notFound', `There is no model "${id.slice(0, 128)}".`);
  return model;
}

function listBody(models: readonly Model[], isAnthropic: boolean): object {
  const data = models.map((model) => modelBody(model, isAnthropic));
  if (!isAnthropic) return { object: 'list', data };
  return {
    data,
    has_more: false,
    first_id: models.at(0)?.name ?? null,
    last_id: models.at(-1)?.name ?? null,
  };
}

function modelBody({ name, provider, updatedAtMs }: Model, isAnthropic: boolean): object {
  const atMs = Number(updatedAtMs);
  return isAnthropic
    ? { type: 'model', id: name, display_name: name, created_at: new Date(atMs).toISOString() }
    : { id: name, object: 'model', created: Math.floor(atMs / 1_000), owned_by: provider };
}
