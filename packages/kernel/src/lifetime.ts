import { channel } from 'node:diagnostics_channel';

/** Told of once after a signal everything of the process is closed, for what stays until the very end. */
export const processClosed = channel('ai-switch.process-closed');

interface Closer {
  readonly name: string;
  readonly close: () => Promise<void> | void;
}

/**
 * What a process has opened, closed in reverse order exactly once. `main.ts` registers each thing right after opening
 * it and closes the lifetime on SIGTERM or SIGINT. What is opened while the lifetime closes, because a signal came in
 * the middle of a start, is closed as well.
 */
export class Lifetime implements AsyncDisposable {
  readonly #closers: Closer[] = [];
  #closing: Promise<void> | undefined;

  /** True from the moment that `close` is called. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Closes `close` before everything that was registered earlier; at once when the lifetime is already closing. */
  onClose(name: string, close: () => Promise<void> | void): void {
    this.#closers.push({ name, close });
    if (this.#closing === undefined) return;
    this.#closing = Promise.allSettled([this.#closing, this.#closeAll()]).then(throwFailures);
    // Whoever calls `close` again hears of a failure; that nobody does must not end the process.
    this.#closing.catch(() => {});
  }

  /** Closes everything; one that fails does not keep the others open. Rejects with the failures at the end. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeAll(): Promise<void> {
    const failures: Error[] = [];
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      try {
        await closer.close();
      } catch (cause) {
        failures.push(new Error(`closing ${closer.name} failed`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some parts did not close properly');
  }
}

function throwFailures(outcomes: readonly PromiseSettledResult<void>[]): void {
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length > 0) throw new AggregateError(failures, 'some parts did not close properly');
}

/**
 * Closes `lifetime` at the first SIGTERM or SIGINT. A second signal finds no listener any more and so ends the process
 * at once, with the status that the signal stands for. A process whose parts are all closed ends by itself.
 */
export function closeOnSignal(lifetime: Lifetime, onError: (error: unknown) => void): void {
  const close = () => {
    process.off('SIGTERM', close);
    process.off('SIGINT', close);
    lifetime
      .close()
      .catch((error: unknown) => {
        onError(error);
        process.exitCode = 1;
      })
      .finally(() => processClosed.publish(lifetime));
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}
