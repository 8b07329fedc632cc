// The short form of the matrix, as tests: one file a client, so that they run beside each other.

import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { OWN_BEHAVIOURS } from '../behaviours/index.ts';
import { type Cell, CLIENT_MS_MAX, runCell } from '../cell.ts';
import type { Client } from '../client.ts';
import { type Gateway, openGateway } from '../gateway.ts';
import { INSTALL_MS_MAX, type Installed, install } from '../install.ts';
import { cellsOf, shortCells } from '../options.ts';
import { UPSTREAMS } from '../upstreams.ts';

export interface Case {
  readonly number: number;
  /** Variants of one client, all of one release. */
  readonly clients: readonly Client[];
  /** Cells besides its tool tasks and all that only this client does. */
  readonly others?: readonly Cell[];
}

export function describeClient({ number, clients, others = [] }: Case): void {
  const [first] = clients;
  if (first === undefined) throw new Error('no client is given');
  const { release, title } = first;
  const cells = [...shortCells(clients), ...ownCells(clients), ...others];

  describe(`${title} ${release.version}`, () => {
    let gateway: Gateway | undefined;
    let installed: Installed | undefined;
    let problem = '';

    beforeAll(async () => {
      try {
        installed = await install(release, release.version);
      } catch (error) {
        problem = `${title} cannot be installed: ${error instanceof Error ? error.message : String(error)}`;
        return;
      }
      gateway = await openGateway();
    }, INSTALL_MS_MAX + START_MS_MAX);
    afterAll(() => gateway?.[Symbol.asyncDispose]());

    for (const cell of cells) {
      const title = `case ${number}: ${titleOf(cell)}`;
      const run = async ({ skip }: TestContext) => {
        if (installed === undefined || gateway === undefined) return skip(problem);
        const { failures } = await runCell(cell, installed, gateway);
        expect(failures).toEqual([]);
      };
      it(title, run, CLIENT_MS_MAX + START_MS_MAX);
    }
  });
}

const START_MS_MAX = 60_000;

function titleOf({ client, behaviour, upstream }: Cell): string {
  return `${client.title}: ${behaviour.title}, with ${upstream.title}`;
}

/** With one upstream each, in turn. */
function ownCells(clients: readonly Client[]): readonly Cell[] {
  return clients.flatMap((client) =>
    OWN_BEHAVIOURS.flatMap((behaviour, at) => {
      const able = cellsOf([client], UPSTREAMS, [behaviour]);
      return able[at % able.length] ?? [];
    }),
  );
}
