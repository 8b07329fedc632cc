/** Lines around a change that are shown with it. */
const CONTEXT_LINES = 3;
/** A longest common subsequence takes this many cells at most; a bigger change is shown as one block. */
const CELLS_MAX = 4_000_000;

interface DiffLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** What changes in a text, as a unified diff without its head. Empty when nothing does. */
export function lineDiff(before: string, after: string): string {
  const lines = marked(linesOf(before), linesOf(after));
  const isNear = lines.map((_, index) =>
    lines
      .slice(Math.max(0, index - CONTEXT_LINES), index + CONTEXT_LINES + 1)
      .some(({ mark }) => mark !== ' '),
  );
  const shown: string[] = [];
  for (const [index, { mark, text }] of lines.entries()) {
    if (!isNear[index]) continue;
    if (index > 0 && !isNear[index - 1] && shown.length > 0) shown.push('...');
    // What comes from a file may hold the codes that steer a terminal.
    shown.push(`${mark} ${text.replace(/\p{Cc}/gu, (code) => (code === '\t' ? code : ' '))}`.trimEnd());
  }
  return shown.join('\n');
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function marked(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < Math.min(before.length, after.length) - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  ) {
    tail += 1;
  }
  const same = (lines: readonly string[]) => lines.map((text) => ({ mark: ' ', text }) as const);
  return [
    ...same(before.slice(0, head)),
    ...changed(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

function changed(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  const removed = before.map((text) => ({ mark: '-', text }) as const);
  const added = after.map((text) => ({ mark: '+', text }) as const);
  const columns = after.length + 1;
  if ((before.length + 1) * columns > CELLS_MAX) return [...removed, ...added];
  // Cell [i, j]: how many lines before[i..] and after[j..] have in common, in order.
  const common = new Uint32Array((before.length + 1) * columns);
  const at = (i: number, j: number) => common[i * columns + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      common[i * columns + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length && j < after.length) {
    const text = before[i] ?? '';
    if (text === after[j]) {
      lines.push({ mark: ' ', text });
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      lines.push({ mark: '-', text });
      i += 1;
    } else {
      lines.push({ mark: '+', text: after[j] ?? '' });
      j += 1;
    }
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)];
}
