// Targets know fewer kinds of tools than clients have, and take fewer names. Here tools become what the target knows, with
// every call of the conversation, and the calls of the answer become again what the client declared.
//
// Invariant: `restore` of a call that was lowered gives the call.

import { changedList } from '../json/changed-list.ts';
import { stringOf } from '../json/narrow.ts';
import { callNameOf, castTools, keyOf, type ToolCasts, type ToolForms } from './cast-tools.ts';
import type { Event } from './event.ts';
import type {
  CustomTool,
  FunctionTool,
  Part,
  Request,
  Tool,
  ToolCallPart,
  ToolChoice,
  ToolResultPart,
} from './request.ts';
import { restoreCalls } from './restore-calls.ts';
import { referredTool } from './tool-reference.ts';

export type { ToolForms } from './cast-tools.ts';

/**
 * Casts tools into forms the target knows, with names it takes: namespaces become `ns__name`, custom tools functions of
 * {input: string} with the grammar told in the description, toolSearch a function `tool_search`; calls and toolChoice of
 * the conversation alike. A tool that is listed twice is listed once. The same request when nothing changes.
 */
export function lowerTools(
  request: Request,
  forms: ToolForms,
): { readonly request: Request; readonly restore?: () => (event: Event) => readonly Event[] } {
  const casts = castTools(request, forms);
  const tools = changedList(withoutRepeats(request.tools), (tool) => lowerTool(tool, casts));
  const turns = changedList(request.turns, (turn) => {
    const parts = changedList(turn.parts, (part) => lowerPart(part, casts, forms));
    return parts === turn.parts ? turn : { ...turn, parts };
  });
  const toolChoice = request.toolChoice && lowerChoice(request.toolChoice, casts);
  if (tools === request.tools && turns === request.turns && toolChoice === request.toolChoice) {
    return { request };
  }
  const lowered = { ...request, tools, turns, ...(toolChoice !== undefined && { toolChoice }) };
  const { restored } = casts;
  if (restored.size === 0) return { request: lowered };
  return { request: lowered, restore: () => restoreCalls(restored) };
}

function withoutRepeats(tools: readonly Tool[]): readonly Tool[] {
  const seen = new Set<string>();
  const once = tools.filter((tool) => {
    const called = callNameOf(tool);
    if (called === undefined) return true;
    const key = keyOf(called);
    return !seen.has(key) && seen.add(key);
  });
  return once.length === tools.length ? tools : once;
}

function lowerTool(tool: Tool, { lowered }: ToolCasts): Tool {
  const called = callNameOf(tool);
  const to = called && lowered.get(keyOf(called));
  if (called === undefined || to === undefined) return tool;
  if (tool.kind === 'function' || tool.kind === 'custom') {
    if (tool.kind === 'custom' && to.form === undefined) return functionOf(tool, to.name);
    if (to.name === tool.name && to.namespace === tool.namespace) return tool;
    const { namespace: _, ...rest } = tool;
    return { ...rest, ...(to.namespace !== undefined && { namespace: to.namespace }), name: to.name };
  }
  if (tool.kind !== 'toolSearch' || to.form === 'toolSearch') return tool;
  const { kind: _, ...rest } = tool;
  return { kind: 'function', name: to.name, ...rest };
}

function functionOf({ description = '', format }: CustomTool, name: string): FunctionTool {
  return {
    kind: 'function',
    name,
    description: [description, INPUT_WORDS, ...grammarWords(format)].filter(Boolean).join('\n\n'),
    schema: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
  };
}

const INPUT_WORDS =
  'The field "input" holds the whole input of this tool as free text: not JSON, not quoted, not in a code fence.';

function grammarWords(format: CustomTool['format']): readonly string[] {
  const definition = stringOf(format?.definition);
  if (definition === undefined) return [];
  return [`The input must match this ${stringOf(format?.syntax) ?? ''} grammar:\n${definition}`];
}

function lowerPart(part: Part, casts: ToolCasts, forms: ToolForms): Part {
  if (part.kind === 'toolCall') return lowerCall(part, casts, forms);
  if (part.kind !== 'toolResult') return part;
  const parts = changedList(part.parts, (inner) => lowerReference(inner, casts));
  return parts === part.parts ? part : { ...part, parts };
}

type ResultContent = ToolResultPart['parts'][number];

/** A result that says which tools were found names them as the list does. */
function lowerReference(part: ResultContent, { lowered }: ToolCasts): ResultContent {
  const name = part.kind === 'foreign' ? referredTool(part) : undefined;
  const to = name === undefined ? undefined : lowered.get(keyOf({ name }));
  if (part.kind !== 'foreign' || to === undefined || to.name === name) return part;
  return { ...part, value: { ...part.value, tool_name: to.name } };
}

function lowerCall(part: ToolCallPart, { lowered }: ToolCasts, forms: ToolForms): ToolCallPart {
  const to = lowered.get(keyOf(part));
  if (to === undefined) return part;
  const isWrapped = part.form === 'custom' && !forms.hasCustom;
  const isCast = isWrapped || (part.form === 'toolSearch' && !forms.hasToolSearch);
  if (!isCast && to.name === part.name && to.namespace === part.namespace) return part;
  const { namespace: _, form, ...rest } = part;
  return {
    ...rest,
    name: to.name,
    ...(to.namespace !== undefined && { namespace: to.namespace }),
    ...(form !== undefined && !isCast && { form }),
    ...(isWrapped && { argumentsText: JSON.stringify({ input: part.argumentsText }) }),
  };
}

/** A choice names a search as it names a function. */
function lowerChoice(choice: ToolChoice, { lowered }: ToolCasts): ToolChoice {
  if (choice.kind !== 'tool') return choice;
  const to = lowered.get(keyOf(choice)) ?? lowered.get(keyOf({ name: choice.name, form: 'toolSearch' }));
  if (to === undefined || (to.name === choice.name && to.namespace === choice.namespace)) return choice;
  return { kind: 'tool', name: to.name, ...(to.namespace !== undefined && { namespace: to.namespace }) };
}
