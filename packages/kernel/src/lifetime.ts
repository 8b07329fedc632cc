/**
 * What a process has opened, closed in reverse order exactly once. `main.ts` registers each thing right after opening
 * it and closes the lifetime on SIGTERM or SIGINT.
 */
export class Lifetime implements AsyncDisposable {
  readonly #closers: { readonly name: string; readonly close: () => Promise<void> | void }[] = [];
  #closing: Promise<void> | undefined;

  /** Closes `close` before everything that was registered earlier. */
  onClose(name: string, close: () => Promise<void> | void): void {
    this.#closers.push({ name, close });
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
    for (const { name, close } of this.#closers.reverse()) {
      try {
        await close();
      } catch (cause) {
        failures.push(new Error(`closing ${name} failed`, { cause }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some parts did not close properly');
  }
}

/** Closes `lifetime` at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function closeOnSignal(lifetime: Lifetime, onError: (error: unknown) => void): void {
  let isClosing = false;
  const close = (signal: NodeJS.Signals) => {
    if (isClosing) process.kill(process.pid, 'SIGKILL');
    isClosing = true;
    lifetime.close().catch((error: unknown) => {
      onError(error);
      process.exitCode = 1;
    });
    // A second signal must find this listener gone only when the process is.
    void signal;
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}
