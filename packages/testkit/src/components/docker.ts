// A component as a container, where an engine answers.

import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './commands.ts';

let engine: Promise<boolean> | undefined;

/** Whether an engine for containers answers here; asked once. */
export function hasDocker(): Promise<boolean> {
  engine ??= run('docker', ['version', '--format', '{{.Server.Version}}']).then(
    (version) => version.trim() !== '',
    () => false,
  );
  return engine;
}

export interface Container {
  /** Of the loopback. */
  readonly port: number;
  stop(): Promise<void>;
}

export interface ContainerOptions {
  readonly image: string;
  /** That it listens on, inside. */
  readonly containerPort: number;
  /** That it has on the loopback; a free one unless told. */
  readonly port?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** A command inside that succeeds once it is ready. */
  readonly probe: readonly string[];
}

const READY_MS_MAX = 60_000;
const POLL_MS = 200;

/** Starts a container that leaves nothing behind. @throws Error when it does not become ready */
export async function startContainer(options: ContainerOptions): Promise<Container> {
  const { image, containerPort, port, environment = {}, probe } = options;
  const variables = Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const publish = `127.0.0.1:${port ?? ''}:${containerPort}`;
  const id = (
    await run('docker', ['run', '--detach', '--rm', '--publish', publish, ...variables, image])
  ).trim();
  const stop = async () => {
    await run('docker', ['rm', '--force', '--volumes', id]);
  };
  for (const until = Date.now() + READY_MS_MAX; ; await sleep(POLL_MS)) {
    const isReady = await run('docker', ['exec', id, ...probe]).then(
      () => true,
      () => false,
    );
    if (isReady) break;
    if (Date.now() < until) continue;
    await stop();
    throw new Error(`the container of ${image} did not become ready`);
  }
  const published = await run('docker', ['port', id, `${containerPort}/tcp`]);
  return { port: Number(/:(\d+)\s*$/.exec(published)?.[1]), stop };
}
