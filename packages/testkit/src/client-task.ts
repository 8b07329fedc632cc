// A task that every coding client can carry out: a model that, whichever client asks and in whichever dialect, calls the
// client's own tools until the work is done, and then says so.
//
//   provider.otherwise = clientTask({
//     steps: [[write('notes.txt', 'one\n')], [run('cat notes.txt'), run('ls')]],
//     done: 'All done.',
//   });
//
// The model remembers nothing: how far the work is shows in the calls that the conversation has. Actions of one step are
// called at once. A request without the client's tools (a title, a question of routing) gets a short answer, in JSON
// when it wants JSON, so that it does not disturb the task. A new client whose tools have other names is a new name in the lists
// below; what their arguments are called is taken from their own schemas.

import { type Json, listOf, objectOf, stringOf } from './providers/json.ts';
import type { Script, SeenRequest } from './scripted-provider.ts';
import { readPrompt, type SeenPrompt, type SeenTool } from './seen-prompt.ts';

export interface ClientTask {
  readonly steps: readonly (readonly ClientAction[])[];
  /** What is said in the end. */
  readonly done: string;
  /** Goes into every answer: thinking, usage, pace. */
  readonly answer?: Script;
}

export type ClientAction =
  | { readonly kind: 'write'; readonly path: string; readonly content: string }
  | { readonly kind: 'run'; readonly command: string }
  /** Any other tool by its name. */
  | { readonly kind: 'call'; readonly tool: string; readonly arguments: Json };

export function write(path: string, content: string): ClientAction {
  return { kind: 'write', path, content };
}

export function run(command: string): ClientAction {
  return { kind: 'run', command };
}

export function clientTask({ steps, done, answer = {} }: ClientTask): (request: SeenRequest) => Script {
  return (request) => {
    const prompt = readPrompt(request);
    if (prompt.outputSchema !== undefined)
      return { ...answer, text: [JSON.stringify(exampleOf(prompt.outputSchema))] };
    const forced = prompt.tools.find(({ name }) => name === prompt.forcedTool);
    if (forced !== undefined)
      return { ...answer, tools: [callOf(forced, objectOf(exampleOf(forced.schema)))] };
    const step = nextStep(steps, prompt.called.length);
    if (step === undefined || prompt.tools.length === 0) return { ...answer, text: [done] };
    return { ...answer, tools: step.map((action) => callFor(action, prompt)) };
  };
}

/** @param calls how many were made so far */
function nextStep(steps: ClientTask['steps'], calls: number): readonly ClientAction[] | undefined {
  let made = 0;
  for (const step of steps) {
    if (calls <= made) return step;
    made += step.length;
  }
  return undefined;
}

/** The first that is offered is called. */
const WRITERS = ['Write', 'write', 'write_file'];
const PATCHERS = ['apply_patch'];
const SHELLS = ['Bash', 'bash', 'run_shell_command', 'exec_command', 'shell_command', 'shell', 'local_shell'];

type Call = NonNullable<Script['tools']>[number];

function callFor(action: ClientAction, { tools }: SeenPrompt): Call {
  if (action.kind === 'call') {
    const named = offered(tools, [action.tool]);
    return named === undefined
      ? { name: action.tool, arguments: [JSON.stringify(action.arguments)] }
      : callOf(named, action.arguments);
  }
  if (action.kind === 'write') {
    const writer = offered(tools, WRITERS);
    if (writer !== undefined) return callOf(writer, { path: action.path, content: action.content });
    const patcher = offered(tools, PATCHERS);
    if (patcher !== undefined) return callOf(patcher, { input: patchOf(action.path, action.content) });
  }
  const shell = offered(tools, SHELLS);
  if (shell === undefined) {
    const names = tools.map(({ name }) => name).join(', ');
    throw new Error(`no tool to ${action.kind} with among ${names}`);
  }
  return callOf(shell, {
    command: action.kind === 'run' ? action.command : shellOf(action.path, action.content),
  });
}

/** What was in a namespace may have it in front of its name by now. */
function offered(tools: readonly SeenTool[], names: readonly string[]): SeenTool | undefined {
  for (const name of names) {
    const found = tools.find((tool) => tool.name === name || tool.name.endsWith(`__${name}`));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What each client calls the same argument. */
const ARGUMENT_NAMES: Readonly<Record<string, readonly string[]>> = {
  path: ['file_path', 'filePath', 'path', 'absolute_path'],
  command: ['command', 'cmd'],
  input: ['input', 'patch'],
};

function callOf(tool: SeenTool, given: Json): Call {
  if (tool.isCustom) return { name: tool.name, arguments: [stringOf(given.input)] };
  const properties = objectOf(tool.schema.properties);
  const sent: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const own = ARGUMENT_NAMES[name]?.find((known) => known in properties) ?? name;
    const isList = stringOf(objectOf(properties[own]).type).toLowerCase() === 'array';
    sent[own] = isList && typeof value === 'string' ? ['bash', '-lc', value] : value;
  }
  // What else a client wants is made up.
  for (const name of listOf(tool.schema.required).map(stringOf)) {
    if (!(name in sent)) sent[name] = exampleOf(objectOf(properties[name]));
  }
  return { name: tool.name, arguments: [JSON.stringify(sent)] };
}

function patchOf(path: string, content: string): string {
  const lines = content
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => `+${line}`);
  return ['*** Begin Patch', `*** Add File: ${path}`, ...lines, '*** End Patch', ''].join('\n');
}

function shellOf(path: string, content: string): string {
  return `cat > '${path}' <<'END_OF_FILE'\n${content.replace(/\n$/, '')}\nEND_OF_FILE`;
}

/** The smallest value that a schema takes, in either case of its types. */
export function exampleOf(schema: Json): unknown {
  const [first] = listOf(schema.enum);
  if (first !== undefined) return first;
  if (schema.const !== undefined) return schema.const;
  const [branch] = [...listOf(schema.anyOf), ...listOf(schema.oneOf)];
  if (branch !== undefined) return exampleOf(objectOf(branch));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (stringOf(type).toLowerCase()) {
    case 'string':
      return 'scripted';
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' ? schema.minimum : 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'null':
      return null;
    default: {
      const properties = objectOf(schema.properties);
      const wanted = Array.isArray(schema.required) ? schema.required.map(stringOf) : Object.keys(properties);
      return Object.fromEntries(wanted.map((name) => [name, exampleOf(objectOf(properties[name]))]));
    }
  }
}
