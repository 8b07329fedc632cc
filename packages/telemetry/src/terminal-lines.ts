import type { DestinationStream } from 'pino';

const DIM = '\u001b[2m';
const PLAIN = '\u001b[0m';
const COLOUR: Readonly<Record<string, string>> = {
  fatal: '\u001b[31m',
  error: '\u001b[31m',
  warn: '\u001b[33m',
};

/** JSON lines as a person reads them: the time of day, the level, the service, the message, then the other fields. */
export function terminalLines(lines: DestinationStream): DestinationStream {
  return { write: (line) => lines.write(`${terminalLine(line)}\n`) };
}

export function terminalLine(line: string): string {
  const { time, level, service, msg = '', err, ...rest } = JSON.parse(line);
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const head = `${DIM}${String(time).slice(11, 19)}${PLAIN} ${COLOUR[level] ?? ''}${level}${PLAIN}`;
  const stack = err === undefined ? '' : `\n${err.stack ?? err.message}`;
  return `${head} ${service}: ${msg}${fields.length === 0 ? '' : ` ${DIM}${fields.join(' ')}${PLAIN}`}${stack}`;
}
