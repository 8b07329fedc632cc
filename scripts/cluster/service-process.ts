// One service of this repository as a process of its own, from source, that can be killed and started again at its port.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPILE_CACHE = join(ROOT, 'node_modules/.cache/node-compile');
const START_MS_MAX = 30_000;
/** A service whose database is just recovering ends with a line that says so. */
const STARTS_MAX = 10;
const COMPLAINT_CHARACTERS_MAX = 600;
const LISTENS = /listen(?:s|ing) on port (\d+)/;
const OPERATIONS = /tells of itself on port (\d+)/g;

/** A run that ends in any way leaves no process behind. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ServiceProcessOptions {
  /** The folder in `services`. */
  readonly name: string;
  /** The variable that says where it listens. */
  readonly listen: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A free one unless told otherwise. */
  readonly port?: number;
  /** Hears each line that it logs. */
  readonly onLog?: (line: string) => void;
}

export class ServiceProcess {
  readonly name: string;
  readonly #options: ServiceProcessOptions;
  #child: ChildProcess | undefined;
  /** From the first start on the same. */
  port = 0;
  /** What it printed since it was started for the first time. */
  printed = '';
  /** How it ended when nobody killed it: each time a mistake, which whoever runs services repairs by a new start. */
  readonly deaths: string[] = [];
  /** The last that it logged: why it ends, when nobody killed it. */
  #complaint = '';
  #isKilled = false;

  constructor(options: ServiceProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.port = options.port ?? 0;
  }

  /** Where /readyz is; 0 while it starts. */
  get operationsPort(): number {
    return Number([...this.printed.matchAll(OPERATIONS)].at(-1)?.[1] ?? 0);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves once it listens. @throws Error with what it printed, when it does not */
  async start(): Promise<this> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#startOnce();
        return this;
      } catch (error) {
        if (attempt === STARTS_MAX) throw error;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }

  /** Resolves when it is gone. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    this.#isKilled = true;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async #startOnce(): Promise<void> {
    const { listen, environment, onLog } = this.#options;
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(ROOT, `services/${this.name}/src/main.ts`)],
      {
        env: {
          PATH: process.env.PATH,
          HOME: tmpdir(),
          NODE_COMPILE_CACHE: COMPILE_CACHE,
          ...environment,
          [listen]: `127.0.0.1:${this.port}`,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child = child;
    this.#isKilled = false;
    running.add(child);
    child.on('exit', () => running.delete(child));
    createInterface(child.stderr).on('line', (line) => {
      this.#complaint = `${this.#complaint}${line}\n`.slice(-COMPLAINT_CHARACTERS_MAX);
      onLog?.(line);
    });
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => fail('did not start in time'), START_MS_MAX);
      const fail = (what: string) => {
        clearTimeout(timer);
        child.kill('SIGKILL');
        reject(new Error(`${this.name} ${what}: ${this.printed.slice(-1_000)}${this.#complaint}`));
      };
      let own = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        own += text;
        this.printed += text;
        const found = LISTENS.exec(own)?.[1];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(Number(found));
      });
      child.once('exit', (code, signal) => fail(`ended with ${code ?? signal}`));
    });
    this.port = port;
    child.once('exit', (code, signal) => {
      if (this.#isKilled) return;
      this.deaths.push(`${this.name} ended by itself (${code ?? signal}): ${this.#complaint}`);
      // Should it not start either, who asks it next sees that.
      this.start().catch(() => {});
    });
  }
}
