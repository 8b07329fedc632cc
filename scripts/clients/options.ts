import { parseArgs } from 'node:util';
import type { Behaviour } from './behaviour.ts';
import { OWN_BEHAVIOURS, SHARED_BEHAVIOURS } from './behaviours/index.ts';
import { tools } from './behaviours/tools.ts';
import type { Cell } from './cell.ts';
import type { Client } from './client.ts';
import { CLIENTS } from './clients/index.ts';
import { UPSTREAMS, type Upstream } from './upstreams.ts';

export interface ClientsOptions {
  readonly cells: readonly Cell[];
  /** Every cell, with the releases that are pinned: what the document shows. */
  readonly isWhole: boolean;
  readonly isLatest: boolean;
  readonly isJson: boolean;
  /** A folder for what the clients wrote and the providers were asked in cells that fail. */
  readonly recordFolder: string | undefined;
}

export const CLIENTS_HELP = `Usage: npm run test:clients -- [options]

Installs Claude Code, Codex CLI, OpenCode and Gemini CLI from npm into a cache folder, in the releases that are pinned, and
runs each headless, in an empty home, through AI-Switch standalone to a scripted provider of every dialect. Everything stays on
this machine but the installation. A run of everything takes some ten minutes and writes its table into docs/COMPATIBILITY.md.

  --client <names>      ${names(CLIENTS)}
  --upstream <names>    ${names(UPSTREAMS)}
  --behaviour <names>   ${names([...SHARED_BEHAVIOURS, ...OWN_BEHAVIOURS])}
  --short               one task with tools for each client, with two upstreams
  --latest              the newest releases in place of the pinned ones; the document stays as it is
  --record <folder>     keeps what was said in cells that fail
  --json                prints the results as JSON in place of the table
  --help                prints this text

Names are separated by commas.

  npm run test:clients -- --client codex --upstream chat,gemini
  npm run test:clients -- --behaviour tools --latest
`;

/** @returns the options, or undefined when the help is asked for. @throws Error with one line that says what is wrong. */
export function readOptions(args: readonly string[]): ClientsOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      client: { type: 'string' },
      upstream: { type: 'string' },
      behaviour: { type: 'string' },
      short: { type: 'boolean', default: false },
      latest: { type: 'boolean', default: false },
      record: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { client, upstream, behaviour } = values;
  if (values.short && behaviour !== undefined) throw new Error('--short has one behaviour: tools');
  const clients = chosen('--client', client, CLIENTS);
  const upstreams = chosen('--upstream', upstream, UPSTREAMS);
  const behaviours = chosen('--behaviour', behaviour, [...SHARED_BEHAVIOURS, ...OWN_BEHAVIOURS]);
  const isChosen = client !== undefined || upstream !== undefined || behaviour !== undefined;
  const cells = values.short ? shortCells(clients, upstreams) : cellsOf(clients, upstreams, behaviours);
  if (cells.length === 0) throw new Error('there is no such cell: not every client does everything');
  return {
    cells,
    isWhole: !isChosen && !values.short && !values.latest,
    isLatest: values.latest,
    isJson: values.json,
    recordFolder: values.record,
  };
}

/** Every client with every upstream and all that it does. */
export function cellsOf(
  clients: readonly Client[],
  upstreams: readonly Upstream[],
  behaviours: readonly Behaviour[],
): readonly Cell[] {
  return clients.flatMap((client) =>
    behaviours.flatMap((behaviour) =>
      upstreams
        .filter((upstream) => hasCell({ client, upstream, behaviour }))
        .map((upstream) => ({ client, upstream, behaviour })),
    ),
  );
}

function hasCell({ client, upstream, behaviour }: Cell): boolean {
  return (
    (behaviour.clients?.includes(client.name) ?? true) &&
    (behaviour.upstreams?.includes(upstream.name) ?? true)
  );
}

export function shortCells(
  clients: readonly Client[] = CLIENTS,
  upstreams: readonly Upstream[] = UPSTREAMS,
): readonly Cell[] {
  return cellsOf(clients, upstreams, [tools]).filter(
    ({ client, upstream }) => client.shortUpstreams?.includes(upstream.name) === true,
  );
}

interface Named {
  readonly name: string;
}

function names(list: readonly Named[]): string {
  const found = [...new Set(list.map(({ name }) => name))];
  // As wide as the rest of the help, under the first name.
  return found.join(', ').replaceAll(/(.{60,95}?,) /g, `$1\n${' '.repeat(24)}`);
}

function chosen<Item extends Named>(
  option: string,
  text: string | undefined,
  all: readonly Item[],
): readonly Item[] {
  if (text === undefined) return all;
  const wanted = text.split(',');
  const unknown = wanted.find((name) => !all.some((item) => item.name === name));
  if (unknown === undefined) return all.filter(({ name }) => wanted.includes(name));
  throw new Error(`${option} knows ${[...new Set(all.map(({ name }) => name))].join(', ')}, not ${unknown}`);
}
