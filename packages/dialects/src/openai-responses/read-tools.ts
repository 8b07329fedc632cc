// https://platform.openai.com/docs/api-reference/responses/create#responses-create-tools

import * as fields from '../json/fields.ts';
import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { CustomTool, FunctionTool, Tool, WebSearchTool } from '../model/request.ts';
import { GROUP_DESCRIPTION } from './found-tools.ts';

/** Tools of every kind; those of a namespace carry its name, and functions what it is for. */
export function readTools(value: JsonValue | undefined, field: string, group?: Namespace): readonly Tool[] {
  return fields.optionalList(value, field).flatMap((item, at): readonly Tool[] => {
    const path = `${field}.${at}`;
    const tool = fields.requiredObject(item, path);
    const type = fields.optionalString(tool.type, `${path}.type`) ?? 'function';
    switch (type) {
      case 'function':
        return [readFunction(tool, path, group)];
      case 'custom':
        return [readCustom(tool, path, group?.name)];
      case 'namespace':
        return readTools(tool.tools, `${path}.tools`, readNamespace(tool, path));
      case 'tool_search':
        return [readToolSearch(tool, path)];
      default:
        return [WEB_SEARCH.test(type) ? readWebSearch(tool) : foreign(type, tool)];
    }
  });
}

const WEB_SEARCH = /^web_search(?:_preview)?(?:_\d{4}_\d\d_\d\d)?$/;

interface Namespace {
  readonly name: string;
  readonly description: string | undefined;
}

function readNamespace(tool: JsonObject, field: string): Namespace {
  return {
    name: fields.requiredString(tool.name, `${field}.name`),
    description: fields.optionalString(tool.description, `${field}.description`),
  };
}

const FUNCTION_FIELDS = new Set(['type', 'name', 'description', 'parameters', 'strict', 'function']);

/** Cursor nests the function as Chat Completions does. */
function readFunction(given: JsonObject, field: string, group: Namespace | undefined): FunctionTool {
  const tool = isObject(given.function) ? given.function : given;
  const others = Object.entries(given).filter(
    ([name, value]) => !FUNCTION_FIELDS.has(name) && value !== null,
  );
  if (group?.description !== undefined) others.push([GROUP_DESCRIPTION, group.description]);
  const optional = {
    namespace: group?.name,
    description: fields.optionalString(tool.description, `${field}.description`),
    isStrict: fields.optionalBoolean(tool.strict, `${field}.strict`),
    extra: others.length === 0 ? undefined : { 'openai-responses': Object.fromEntries(others) },
  };
  return {
    kind: 'function',
    name: fields.requiredString(tool.name, `${field}.name`),
    schema: fields.optionalObject(tool.parameters, `${field}.parameters`) ?? {
      type: 'object',
      properties: {},
    },
    ...fields.present(optional),
  };
}

function readCustom(tool: JsonObject, field: string, namespace: string | undefined): CustomTool {
  const optional = {
    namespace,
    description: fields.optionalString(tool.description, `${field}.description`),
    format: fields.optionalObject(tool.format, `${field}.format`),
  };
  return {
    kind: 'custom',
    name: fields.requiredString(tool.name, `${field}.name`),
    ...fields.present(optional),
  };
}

/** A search that the provider runs over tools of its own is nobody else's. */
function readToolSearch(tool: JsonObject, field: string): Tool {
  if (tool.execution !== 'client') return foreign('tool_search', tool);
  const description = fields.optionalString(tool.description, `${field}.description`);
  return {
    kind: 'toolSearch',
    schema: fields.optionalObject(tool.parameters, `${field}.parameters`) ?? {
      type: 'object',
      properties: {},
    },
    ...(description !== undefined && { description }),
  };
}

function readWebSearch(tool: JsonObject): WebSearchTool {
  const allowed = listOf(objectOf(tool.filters)?.allowed_domains)
    .map(stringOf)
    .filter((domain) => domain !== undefined);
  return {
    kind: 'webSearch',
    dialect: 'openai-responses',
    value: tool,
    ...(allowed.length > 0 && { allowedDomains: allowed }),
  };
}

function foreign(type: string, value: JsonObject): Tool {
  return { kind: 'foreign', dialect: 'openai-responses', type, value };
}
