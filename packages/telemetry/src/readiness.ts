// Whether a process is to be given work. It is not while it starts or drains, nor while something that it cannot do without is
// down. What it can do without is told and changes nothing.

import { asFault } from '@ai-switch/kernel';

/** A question may take so long; then it counts as down. */
const CHECK_TIMEOUT_MS = 2_000;
/** Answers are believed for so long, so that whoever asks often asks the services behind no more often. */
const CHECK_LIFE_MS = 1_000;

export interface ReadinessCheck {
  /** Rejects, or is false, when it is down. */
  readonly ask: () => Promise<unknown> | boolean;
  /** Whether the process can do nothing without it. */
  readonly isNeeded: boolean;
}

export type ReadinessChecks = Readonly<Record<string, ReadinessCheck>>;

export interface ReadinessAnswer {
  readonly isReady: boolean;
  readonly state: 'starting' | 'ready' | 'draining';
  /** Of each thing that was asked, why it is down, or `up`. */
  readonly checks: Readonly<Record<string, string>>;
}

export class Readiness {
  #state: ReadinessAnswer['state'] = 'starting';
  #checks: ReadinessChecks = {};
  #last: { readonly answer: Promise<ReadinessAnswer['checks']>; readonly atMs: number } | undefined;

  start(checks: ReadinessChecks): void {
    this.#checks = checks;
    if (this.#state === 'starting') this.#state = 'ready';
  }

  drain(): void {
    this.#state = 'draining';
  }

  async answer(): Promise<ReadinessAnswer> {
    const nowMs = performance.now();
    if (this.#state !== 'ready') return { isReady: false, state: this.#state, checks: {} };
    if (this.#last === undefined || nowMs - this.#last.atMs > CHECK_LIFE_MS) {
      this.#last = { answer: askAll(this.#checks), atMs: nowMs };
    }
    const checks = await this.#last.answer;
    const isDown = (name: string) => this.#checks[name]?.isNeeded === true && checks[name] !== 'up';
    // It may have begun to drain meanwhile.
    const { state } = this.#now();
    return { isReady: state === 'ready' && !Object.keys(checks).some(isDown), state, checks };
  }

  #now(): { readonly state: ReadinessAnswer['state'] } {
    return { state: this.#state };
  }
}

async function askAll(checks: ReadinessChecks): Promise<Record<string, string>> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await ask(check)] as const),
  );
  return Object.fromEntries(answers);
}

async function ask({ ask }: ReadinessCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer in time'), CHECK_TIMEOUT_MS);
  });
  const asked = (async () => ((await ask()) === false ? 'down' : 'up'))().catch(
    (error: unknown) => asFault(error).message,
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
