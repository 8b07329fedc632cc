import type { Release } from './releases.ts';
import type { Command, Ended } from './run-process.ts';

/** A client as its user has it: installed, pointed at the gateway, and run without a terminal. */
export interface Client {
  readonly name: string;
  readonly title: string;
  readonly release: Release;
  /** What `npm run cli -- connect` calls it; undefined for a way to set it up that `connect` does not know. */
  readonly connection: string | undefined;
  /** The model that it asks for: a name of the gateway's, after which some clients choose their tools. */
  readonly model: string;
  /** The upstreams of the short form: of other dialects than its own. Undefined: it is not in it. */
  readonly shortUpstreams: readonly string[] | undefined;
  readonly tools: ClientTools;
  /** How it is run for one task. May write settings into the home or the project. */
  command(task: Task, place: Place): Promise<ClientCommand>;
  /** What it shows to its user as the answer. */
  answerOf(ended: Ended): string;
}

export interface Task {
  readonly prompt: string;
  /** A file in the project that goes along with the prompt. */
  readonly image?: string | undefined;
  /** In place of the client's own. */
  readonly model?: string | undefined;
  /** Further models that are asked for. */
  readonly models?: readonly string[];
  /** The client is set up by these alone, not as `connect` would. */
  readonly isUnconnected?: boolean;
  /** Files that are there before it starts, by their paths from the home or the project. */
  readonly homeFiles?: Readonly<Record<string, string>>;
  readonly projectFiles?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Where a task is done: folders that are gone with it. */
export interface Place {
  readonly home: string;
  readonly project: string;
  /** The client's program, or the script that Node runs. */
  readonly program: string;
  readonly gatewayUrl: string;
  readonly gatewayKey: string;
}

export type ClientCommand = Pick<Command, 'file' | 'args' | 'input'> & {
  readonly environment?: Readonly<Record<string, string>>;
};

/** A call as a model would make it: JSON, or free text for a tool that takes that. */
export interface ToolUse {
  readonly name: string;
  readonly input: object | string;
}

/** How a model gets things done with this client. Paths are absolute. */
export interface ClientTools {
  read(path: string): ToolUse;
  edit(path: string, before: string, after: string): ToolUse;
  run(shellCommand: string): ToolUse;
}
