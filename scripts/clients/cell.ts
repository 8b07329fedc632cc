// One client does one thing through the gateway, with one upstream behind it, in an empty home.

import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { type Script, ScriptedProvider, type SeenRequest } from '@ai-switch/testkit';
import type { Behaviour, Expectation, Move, Run, Setting } from './behaviour.ts';
import type { Client, Place, Task, ToolUse } from './client.ts';
import { CREDENTIAL, type Gateway } from './gateway.ts';
import type { Installed } from './install.ts';
import { picture } from './picture.ts';
import { type Ended, runProcess } from './run-process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { readUpstreamRequest, type UpstreamRequest } from './upstream-request.ts';
import type { Upstream } from './upstreams.ts';

export interface Cell {
  readonly client: Client;
  readonly upstream: Upstream;
  readonly behaviour: Behaviour;
}

export interface CellResult extends Cell {
  /** What is not as it must be. Empty: it works. */
  readonly failures: readonly string[];
  readonly elapsedMs: number;
  /** What the client wrote and what the provider was asked, to find the cause of a failure in. */
  readonly record: CellRecord;
}

export interface CellRecord {
  readonly ended: Ended | undefined;
  readonly requests: readonly SeenRequest[];
}

const ROOT = join(import.meta.dirname, '../..');
const CONNECT_MS_MAX = 30_000;
/** For one task of a client. */
export const CLIENT_MS_MAX = 120_000;

export async function runCell(cell: Cell, installed: Installed, gateway: Gateway): Promise<CellResult> {
  const startMs = performance.now();
  await using folder = await temporaryFolder('client');
  await using provider = await ScriptedProvider.open();
  const place = {
    home: join(folder.path, 'home'),
    project: join(folder.path, 'project'),
    program: installed.program,
    gatewayUrl: gateway.url,
    gatewayKey: gateway.key,
  };
  let run: Run | undefined;
  let failures: readonly string[];
  try {
    run = await perform(cell, place, provider, gateway);
    failures = failuresOf(run, cell.behaviour.expectations, provider.refusals);
  } catch (error) {
    failures = [error instanceof Error ? error.message : String(error)];
  }
  const record = { ended: run?.ended, requests: [...provider.requests] };
  return { ...cell, failures, elapsedMs: performance.now() - startMs, record };
}

async function perform(cell: Cell, place: Place, provider: ScriptedProvider, gateway: Gateway): Promise<Run> {
  const { client, upstream, behaviour } = cell;
  const { home, project } = place;
  const setting: Setting = { client, upstream, ...place, file: (name) => join(project, name) };
  const startedAtMs = Date.now();
  const play = playOf(behaviour, setting);
  provider.otherwise = play.answer;
  const task = behaviour.task(setting);
  await writeFiles(task, place);
  const models = new Set([client.model, ...(task.models ?? [])]);
  await using _lead = await gateway.lead([...models], upstream, provider.baseUrl);
  if (task.isUnconnected !== true) await connect(client, place);
  const ended = await runClient(client, task, place);
  return {
    ...setting,
    ended,
    answer: client.answerOf(ended),
    requests: play.requests.filter(({ isCount }) => !isCount),
    main: play.main,
    counts: play.requests.filter(({ isCount }) => isCount),
    log: behaviour.hasLog === true ? await gateway.log(startedAtMs) : [],
    text: (name) => textOf(join(project, name)),
    homeText: (path) => textOf(join(home, path)),
  };
}

function failuresOf(
  run: Run,
  expectations: readonly Expectation[],
  refusals: readonly string[],
): readonly string[] {
  return [
    ...[...ALWAYS, ...expectations].flatMap((expectation) => failureOf(expectation, run)),
    ...refusals.map((refusal) => `the provider refuses ${refusal}`),
  ];
}

function failureOf({ says, holds }: Expectation, run: Run): readonly string[] {
  const outcome = holds(run);
  if (outcome === true) return [];
  return [`not so: ${says}${typeof outcome === 'string' ? ` (${outcome})` : ''}`];
}

const ALWAYS: readonly Expectation[] = [
  {
    says: 'the client ends by itself',
    holds: ({ ended }) => !ended.isTimedOut,
  },
  {
    says: "the client's key stays in the gateway",
    holds: ({ requests }) => requests.every(({ seen }) => !JSON.stringify(seen.headers).includes('ais_')),
  },
  {
    says: 'nothing that the gateway wraps is shown',
    holds: ({ answer }) => !answer.includes('aisw1.'),
  },
  {
    says: "the provider's key stays in the gateway",
    holds: ({ ended }) => !`${ended.stdout}${ended.stderr}`.includes(CREDENTIAL),
  },
];

async function writeFiles(
  { homeFiles = {}, projectFiles = {} }: Task,
  { home, project }: Place,
): Promise<void> {
  const files = { ...FILES, ...projectFiles };
  for (const [folder, contents] of [
    [home, homeFiles],
    [project, files],
  ] as const) {
    await mkdir(folder, { recursive: true });
    for (const [name, content] of Object.entries(contents)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
  }
}

/** What every task finds in its project. */
const FILES: Readonly<Record<string, string | Buffer>> = {
  'notes.txt': 'colour: red\nsize: 7\n',
  'left.txt': 'on the left: alpha\n',
  'right.txt': 'on the right: omega\n',
  'long.txt': Array.from({ length: 600 }, (_, line) => `line ${line} of a long tale\n`).join(''),
  'picture.png': picture(),
};

interface Play {
  readonly requests: UpstreamRequest[];
  readonly main: UpstreamRequest[];
  answer(seen: SeenRequest): Script;
}

/** The main conversation has tools; what comes without is small work besides, such as a title. */
function playOf(behaviour: Behaviour, setting: Setting): Play {
  const requests: UpstreamRequest[] = [];
  const main: UpstreamRequest[] = [];
  return {
    requests,
    main,
    answer: (seen) => {
      const request = readUpstreamRequest(seen);
      if (request === undefined) return {};
      requests.push(request);
      if (request.isCount) return {};
      if (request.tools.length === 0) {
        return scriptOf(behaviour.playBeside?.(request, setting) ?? { text: ['A title'] }, request);
      }
      main.push(request);
      return scriptOf(behaviour.play(request, setting, { before: main.length - 1 }), request);
    },
  };
}

function scriptOf({ calls, ...script }: Move, request: UpstreamRequest): Script {
  if (calls === undefined) return script;
  return { ...script, tools: calls.map((call) => toolCall(call, request)) };
}

/** The call in the form in which the tool was declared: a model knows no other. */
function toolCall({ name, input }: ToolUse, { tools }: UpstreamRequest) {
  const tool = tools.find((one) => one.name === name) ?? tools.find((one) => one.name.endsWith(`__${name}`));
  const json = typeof input === 'string' ? JSON.stringify({ input }) : JSON.stringify(input);
  const text = typeof input === 'string' && tool?.isCustom === true ? input : json;
  const middle = Math.ceil(text.length / 2);
  return { name: tool?.name ?? name, arguments: [text.slice(0, middle), text.slice(middle)] };
}

/** Sets the client up as its user would, where there is a command for it. */
async function connect({ connection, model }: Client, place: Place): Promise<void> {
  if (connection === undefined) return;
  const { home, project, gatewayUrl, gatewayKey } = place;
  const wanted = ['--url', gatewayUrl, '--key', gatewayKey, '--model', model];
  const ended = await runProcess({
    file: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'services/console/src/cli/main.ts'),
      ...['connect', connection, '--write', '--yes', '--home', home, ...wanted],
    ],
    folder: project,
    environment: {
      ...environmentIn(home),
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/node-compile'),
    },
    timeoutMs: CONNECT_MS_MAX,
  });
  if (ended.exitCode !== 0) throw new Error(`connect ${connection}: ${ended.stderr.trim()}`);
}

async function runClient(client: Client, task: Task, place: Place): Promise<Ended> {
  const { environment = {}, ...command } = await client.command(task, place);
  return await runProcess({
    ...command,
    folder: place.project,
    environment: { ...environmentIn(place.home), ...environment },
    timeoutMs: CLIENT_MS_MAX,
  });
}

// Whatever a client wants from the rest of the world it is told at once that there is none.
const NOWHERE = 'http://127.0.0.1:9';
const LOOPBACK = '127.0.0.1,localhost';

function environmentIn(home: string): Readonly<Record<string, string>> {
  return {
    HOME: home,
    PATH: [dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    TERM: 'dumb',
    LANG: 'C.UTF-8',
    HTTP_PROXY: NOWHERE,
    HTTPS_PROXY: NOWHERE,
    http_proxy: NOWHERE,
    https_proxy: NOWHERE,
    NO_PROXY: LOOPBACK,
    no_proxy: LOOPBACK,
  };
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
