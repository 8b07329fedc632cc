import { median, percentiles } from '../bench/statistics.ts';
import type { Form, Measured } from './rounds.ts';

const HEAD = [
  'database',
  'work',
  'clients',
  'ratio (min-max)',
  'coalesced /s',
  'p50 / p99 ms',
  'naive /s',
  'p50 / p99 ms',
];

/** A line for each database, work and number of clients. Ratios are made within a round and summed up as their median. */
export function tableOf(measured: readonly Measured[]): string {
  const groups = Map.groupBy(measured, ({ database, work, clients }) => `${database} ${work} ${clients}`);
  const rows = [...groups.values()].map((windows) => {
    const of = (form: Form) => windows.filter((window) => window.form === form);
    const ratios = of('coalesced').map(
      ({ round, perSecond }) =>
        perSecond / (of('naive').find((naive) => naive.round === round)?.perSecond ?? Number.NaN),
    );
    const [first] = windows;
    const range = `${Math.min(...ratios).toFixed(1)}-${Math.max(...ratios).toFixed(1)}`;
    return [
      first?.database ?? '',
      first?.work ?? '',
      String(first?.clients),
      `${median(ratios).toFixed(1)} (${range})`,
      ...columnsOf(of('coalesced')),
      ...columnsOf(of('naive')),
    ];
  });
  const lines = [HEAD, HEAD.map(() => '---:'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function columnsOf(windows: readonly Measured[]): readonly string[] {
  const { p50, p99 } = percentiles(windows.flatMap(({ latenciesMs }) => latenciesMs));
  const perSecond = median(windows.map((window) => window.perSecond));
  return [Math.round(perSecond).toLocaleString('en-US'), `${p50.toFixed(1)} / ${p99.toFixed(1)}`];
}
