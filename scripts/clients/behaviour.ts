import type { Script } from '@ai-switch/testkit';
import type { Client, Task, ToolUse } from './client.ts';
import type { LogRow } from './gateway.ts';
import type { Ended } from './run-process.ts';
import type { UpstreamRequest } from './upstream-request.ts';
import type { Upstream } from './upstreams.ts';

/** One thing that a client is made to do, and what must come of it. */
export interface Behaviour {
  readonly name: string;
  readonly title: string;
  /** Names of clients; undefined: every one. */
  readonly clients?: readonly string[];
  /** Names of upstreams; undefined: every one. */
  readonly upstreams?: readonly string[];
  task(setting: Setting): Task;
  /** What the scripted model does with one request of the client's main conversation. */
  play(request: UpstreamRequest, setting: Setting, turn: Turn): Move;
  /** The same for a request without tools; a title is said otherwise. */
  playBeside?(request: UpstreamRequest, setting: Setting): Move | undefined;
  readonly expectations: readonly Expectation[];
  /** They look at what the gateway wrote down about each request. */
  readonly hasLog?: boolean;
}

export interface Setting {
  readonly client: Client;
  readonly upstream: Upstream;
  readonly gatewayUrl: string;
  readonly gatewayKey: string;
  /** The path of a file in the project. */
  file(name: string): string;
}

export interface Turn {
  /** How many requests of the main conversation came before this one. */
  readonly before: number;
}

/** A script, with calls of tools as the client knows them. */
export type Move = Omit<Script, 'tools'> & { readonly calls?: readonly ToolUse[] };

export interface Expectation {
  /** What is so: `the file is changed`. */
  readonly says: string;
  /** May also tell what is so instead. */
  holds(run: Run): boolean | string;
}

/** What came of it. */
export interface Run extends Setting {
  readonly ended: Ended;
  readonly answer: string;
  /** All requests for answers that reached the provider, and those of the main conversation among them. */
  readonly requests: readonly UpstreamRequest[];
  readonly main: readonly UpstreamRequest[];
  readonly counts: readonly UpstreamRequest[];
  /** Empty unless the behaviour looks at it. */
  readonly log: readonly LogRow[];
  /** The text of a file of the project; empty when there is none. */
  text(name: string): string;
  /** The same of its home. */
  homeText(path: string): string;
}
