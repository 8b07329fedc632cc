import { present } from '../json/fields.ts';
import type { CallForm, Request, Tool } from './request.ts';
import { legalName, markedName, type NameForm } from './tool-name.ts';

export interface ToolForms extends NameForm {
  readonly hasNamespaces: boolean;
  readonly hasCustom: boolean;
  readonly hasToolSearch: boolean;
}

/** What a tool is called by. */
export interface CallName {
  readonly name: string;
  readonly namespace?: string;
  readonly form?: CallForm;
}

export interface ToolCasts {
  /** What a target calls each tool, by the key of the client's name. */
  readonly lowered: ReadonlyMap<string, CallName>;
  /** What the client calls each tool that the target calls otherwise, by the key of the target's name. */
  readonly restored: ReadonlyMap<string, CallName>;
}

/**
 * Names are given to the tools of the list before those that only the conversation knows, and to legal names first: a
 * longer conversation renames nothing.
 */
export function castTools({ tools, turns }: Request, forms: ToolForms): ToolCasts {
  const lowered = new Map<string, CallName>();
  const restored = new Map<string, CallName>();
  const taken = new Set<string>();
  const listed = tools.flatMap((tool) => callNameOf(tool) ?? []);
  const called = turns.flatMap(({ parts }) => parts.filter((part) => part.kind === 'toolCall'));
  for (const group of [listed, called]) {
    const isAsItIs = (from: CallName): boolean => isKept(from, forms);
    for (const from of [...group.filter(isAsItIs), ...group.filter((other) => !isAsItIs(other))]) {
      const key = keyOf(from);
      if (lowered.has(key)) continue;
      const to = freeName(from, forms, taken);
      taken.add(keyOf(to));
      lowered.set(key, to);
      if (keyOf(to) !== key || to.form !== from.form) restored.set(keyOf(to), callName(from));
    }
  }
  return { lowered, restored };
}

/** Undefined for tools that nobody calls by name. */
export function callNameOf(tool: Tool): CallName | undefined {
  if (tool.kind === 'toolSearch') return { name: SEARCH_NAME, form: 'toolSearch' };
  if (tool.kind === 'custom') return { ...callName(tool), form: 'custom' };
  return tool.kind === 'function' ? callName(tool) : undefined;
}

/** Tools of one key are one tool. All searches are one, whatever the call is named. */
export function keyOf({ name, namespace = '', form }: CallName): string {
  return form === 'toolSearch' ? SEARCH_KEY : `${namespace}\n${name}`;
}

const SEARCH_NAME = 'tool_search';
const SEARCH_KEY = '\n';

/** Without what else a call holds. */
function callName({ name, namespace, form }: CallName): CallName {
  return { name, ...present({ namespace, form }) };
}

function isKept(from: CallName, forms: ToolForms): boolean {
  const { name } = wantedName(from, forms);
  return name === from.name && legalName(name, forms) === name;
}

function wantedName({ name, namespace, form }: CallName, forms: ToolForms): CallName {
  const isFormKept = form === 'custom' ? forms.hasCustom : forms.hasToolSearch;
  const isFlat = namespace !== undefined && !forms.hasNamespaces;
  return {
    name: isFlat ? `${namespace}__${name}` : name,
    ...present({ namespace: isFlat ? undefined : namespace, form: isFormKept ? form : undefined }),
  };
}

function freeName(from: CallName, forms: ToolForms, taken: ReadonlySet<string>): CallName {
  const wanted = wantedName(from, forms);
  const legal = { ...wanted, name: legalName(wanted.name, forms) };
  let free = legal;
  for (let attempt = 1; taken.has(keyOf(free)); attempt += 1) {
    free = { ...legal, name: markedName(legal.name, `${keyOf(from)}\n${attempt}`, forms) };
  }
  return free;
}
