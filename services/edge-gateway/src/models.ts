// The list of models, in the form that the asking client's SDK expects. The newest SDKs of all three families ask the same
// address, so that only their headers tell them apart: model-shapes.ts.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Model } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { authenticate } from './authenticate.ts';
import type { EdgeParts } from './edge-parts.ts';
import { leave } from './leave.ts';
import { shapeFor } from './model-shapes.ts';
import { mayUse } from './permit.ts';
import { receive } from './receive.ts';
import { refuse } from './refuse.ts';
import { writeJson } from './write-json.ts';

/** @param id the one model that is wanted; undefined for all */
export async function answerModels(
  edge: EdgeParts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  id: string | undefined,
): Promise<void> {
  const shape = shapeFor(incoming);
  const exchange = receive(edge, shape.dialect, incoming, outgoing);
  try {
    edge.admit();
    const caller = await authenticate(edge, exchange);
    const { models } = await edge.ports.router.listModels({ tenant: caller.tenant });
    const permitted = models.filter(({ name }) => mayUse(caller, name));
    writeJson(
      exchange,
      id === undefined ? shape.list(permitted, queryOf(incoming)) : shape.one(find(permitted, id)),
    );
  } catch (error) {
    refuse(edge, exchange, error);
  } finally {
    leave(edge, exchange);
  }
}

function find(models: readonly Model[], id: string): Model {
  const model = models.find(({ name }) => name === id);
  if (model === undefined) throw new Fault('notFound', `There is no model "${id.slice(0, 128)}".`);
  return model;
}

function queryOf({ url = '' }: IncomingMessage): URLSearchParams {
  const query = url.indexOf('?');
  return new URLSearchParams(query === -1 ? '' : url.slice(query + 1));
}
