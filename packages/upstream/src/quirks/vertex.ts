import { type JsonObject, openApiSchema } from '@ai-switch/dialects';
import { isObject, withFields, withList } from './body.ts';
import type { Quirk } from './quirk.ts';

/** 2026-05: "Unknown name "id" at 'contents[1].parts[0].function_call': Cannot find field." The Gemini API takes it. */
export const vertexCallIds: Quirk = (body) =>
  withList(body, 'contents', (content) =>
    withList(content, 'parts', (part) => withoutId(withoutId(part, 'functionCall'), 'functionResponse')),
  );

function withoutId(part: JsonObject, field: string): JsonObject {
  const value = part[field];
  return isObject(value) ? withFields(part, { [field]: withFields(value, { id: undefined }) }) : part;
}

/**
 * The version of its API that is not a preview has no fields for JSON Schema, but Google's own subset of OpenAPI:
 * https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/FunctionDeclaration
 */
export const vertexSchemas: Quirk = (body) => {
  const { generationConfig: generation } = body;
  const withTools = withList(body, 'tools', (tool) =>
    withList(tool, 'functionDeclarations', (declaration) =>
      adapted(declaration, 'parametersJsonSchema', 'parameters'),
    ),
  );
  if (!isObject(generation)) return withTools;
  return withFields(withTools, {
    generationConfig: adapted(generation, 'responseJsonSchema', 'responseSchema'),
  });
};

function adapted(object: JsonObject, jsonSchema: string, openApi: string): JsonObject {
  const schema = object[jsonSchema];
  if (!isObject(schema)) return object;
  return withFields(object, { [jsonSchema]: undefined, [openApi]: takenSchema(schema) });
}

/** An object without properties is said by leaving it out: "should be non-empty for OBJECT type". */
function takenSchema(schema: JsonObject): JsonObject | undefined {
  const taken = openApiSchema(schema);
  const isEmpty = !isObject(taken.properties) || Object.keys(taken.properties).length === 0;
  return taken.type === 'OBJECT' && isEmpty ? undefined : taken;
}
