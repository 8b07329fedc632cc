import { type ProcessOptions, type RunningProcess, startProcess } from '@ai-switch/testkit';

export interface StandaloneProcess extends AsyncDisposable {
  readonly process: RunningProcess;
  readonly url: string;
  /** The first root key, when it was printed. */
  readonly key: string | undefined;
  /** Everything that the start printed to stdout. */
  readonly printed: string;
}

export function launchStandalone(dataPath: string, options: ProcessOptions = {}): RunningProcess {
  return startProcess('services/standalone/src/main.ts', {
    ...options,
    environment: {
      AISWITCH_DATA: dataPath,
      AISWITCH_PORT: '0',
      AISWITCH_DISCOVER_LOCAL: 'off',
      ...options.environment,
    },
  });
}

/** The standalone as `npm start` runs it, once it has greeted. */
export async function startStandalone(
  dataPath: string,
  options: ProcessOptions = {},
): Promise<StandaloneProcess> {
  const running = launchStandalone(dataPath, options);
  const printed = await running.prints('Stop it: Ctrl-C');
  return {
    process: running,
    printed,
    url: /listens on (\S+)/.exec(printed)?.[1] ?? '',
    key: /^ {2}(ais_\w+)$/m.exec(printed)?.[1],
    [Symbol.asyncDispose]: async () => {
      running.kill('SIGTERM');
      await running.ended();
    },
  };
}
