// The results as tables: one for each client, what it was made to do by the upstream that answered.

import { OWN_BEHAVIOURS, SHARED_BEHAVIOURS } from './behaviours/index.ts';
import type { CellResult } from './cell.ts';
import { CLIENTS } from './clients/index.ts';
import type { Installed } from './install.ts';
import { UPSTREAMS } from './upstreams.ts';

/** @param installed by the name of the release */
export function printMatrix(
  results: readonly CellResult[],
  installed: ReadonlyMap<string, Installed>,
): string {
  const passed = results.filter(({ failures }) => failures.length === 0).length;
  const tables = CLIENTS.flatMap((client) => {
    const own = results.filter((result) => result.client === client);
    if (own.length === 0) return [];
    const version = installed.get(client.release.name)?.version ?? '';
    return [`### ${client.title} ${version}\n\n${printTable(own)}`];
  });
  return [`${passed} of ${results.length} cells pass.`, ...tables].join('\n\n');
}

function printTable(results: readonly CellResult[]): string {
  const behaviours = [...SHARED_BEHAVIOURS, ...OWN_BEHAVIOURS].filter((behaviour) =>
    results.some((result) => result.behaviour === behaviour),
  );
  const upstreams = UPSTREAMS.filter((upstream) => results.some((result) => result.upstream === upstream));
  const head = ['', ...upstreams.map(({ title }) => title)];
  const rows = behaviours.map((behaviour) => {
    const cells = upstreams.map((upstream) => {
      const result = results.find((one) => one.behaviour === behaviour && one.upstream === upstream);
      return result === undefined ? '-' : printCell(result);
    });
    return [behaviour.title, ...cells];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The first thing that is not so says enough; the rest often follows from it. */
function printCell({ failures }: CellResult): string {
  const [first] = failures;
  if (first === undefined) return 'pass';
  return `**fails**: ${first.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, CELL_CHARACTERS_MAX)}`;
}

const CELL_CHARACTERS_MAX = 200;
