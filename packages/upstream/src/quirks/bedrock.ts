// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html

import type { JsonObject, JsonValue } from '@ai-switch/dialects';
import { withFields, withList, withoutFields } from './body.ts';
import { digest } from './digest.ts';
import type { Quirk } from './quirk.ts';

const VERSION = 'bedrock-2023-05-31';
const REFUSED = ['context_management', 'mcp_servers', 'container', 'service_tier', 'inference_geo', 'speed'];

/**
 * The model and whether to stream stand in the path. Other fields than its own, 2026-07: "context_management: Extra inputs are not
 * permitted".
 */
export const bedrockBody: Quirk = (body, { drop }) => {
  const known = withoutFields(withoutFields(body, ['model', 'stream']), REFUSED, drop);
  return withFields(known, { anthropic_version: body.anthropic_version ?? VERSION });
};

const ID_CHARACTERS_MAX = 64;

/** "Member must have length less than or equal to 64" (2025-11). The same long id is the same short one in all later turns. */
export const bedrockCallIds: Quirk = (body) =>
  withList(body, 'messages', (message) =>
    withList(message, 'content', (block) => withShortId(withShortId(block, 'id'), 'tool_use_id')),
  );

function withShortId(block: JsonObject, field: string): JsonObject {
  const id: JsonValue | undefined = block[field];
  if (typeof id !== 'string' || id.length <= ID_CHARACTERS_MAX) return block;
  return withFields(block, { [field]: `${id.slice(0, 47)}_${digest(id)}` });
}
