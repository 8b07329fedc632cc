import { type Cell, type CellResult, runCell } from './cell.ts';
import { openGateway } from './gateway.ts';
import type { Installed } from './install.ts';

/** As many as the machine that this is for has cores; each has a gateway of its own. */
const WORKERS = 2;

/**
 * @param installed by the name of the release
 * @param onResult called for each cell as it ends
 * @returns the results in the order of the cells
 */
export async function runCells(
  cells: readonly Cell[],
  installed: ReadonlyMap<string, Installed>,
  onResult: (result: CellResult) => void,
): Promise<readonly CellResult[]> {
  const results = new Map<Cell, CellResult>();
  const waiting = [...cells];
  const work = async () => {
    await using gateway = await openGateway();
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      const found = installed.get(cell.client.release.name);
      if (found === undefined) throw new Error(`${cell.client.title} is not installed`);
      const result = await runCell(cell, found, gateway);
      results.set(cell, result);
      onResult(result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(WORKERS, cells.length) }, work));
  return cells.flatMap((cell) => results.get(cell) ?? []);
}
