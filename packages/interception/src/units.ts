// Where a text's lines and commands are, for rules that match whole ones or their beginnings. Only where the breaks are is looked
// for in the whole text; a line or a command is taken apart when something was found in it, and once.

/** `[start, end)` of what an exact rule or a glob has to be, or a prefix rule to begin. */
export interface Unit {
  readonly start: number;
  readonly end: number;
}

/** Places in one command at which it may begin behind what it is wrapped in; with more it is not wholly looked at. */
const STARTS_MAX = 256;
/** Words behind a wrapper of commands at which the wrapped one may begin: options with values lie between. */
const WORDS_BEHIND_MAX = 12;

const WRAPPERS = new Set(
  (
    'sudo doas su env exec xargs nohup time timeout command builtin nice ionice stdbuf setsid watch eval sh bash zsh dash ash ' +
    'ksh fish busybox then do else if while until and or not ! -exec -execdir -ok cmd cmd.exe powershell powershell.exe pwsh ' +
    'ssh docker kubectl chroot unshare nsenter parallel script start call'
  ).split(' '),
);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*\+?=/;

const BETWEEN_COMMANDS = tableOf(';|&\n()`{}<>');
const BETWEEN_LINES = tableOf('\n');

/** A stretch between two breaks: where what is in it may begin, and where it ends. */
interface Stretch {
  readonly starts: ReadonlySet<number>;
  readonly end: number;
}

/** The lines of a text and, in a shell's text, its simple commands. The whole text is a line, too. */
export class Units {
  readonly #text: string;
  readonly #whole: Unit;
  readonly #lines: Int32Array;
  readonly #commands: Int32Array | undefined;
  readonly #known = new Map<number, Stretch>();
  /** True when a command has more beginnings than were looked at. */
  isCut = false;

  constructor(text: string, hasCommands: boolean) {
    this.#text = text;
    this.#whole = trimmed(text, 0, text.length);
    this.#lines = breaksIn(text, BETWEEN_LINES);
    this.#commands = hasCommands ? breaksIn(text, BETWEEN_COMMANDS) : undefined;
  }

  isStart(at: number): boolean {
    if (at === this.#whole.start) return true;
    return this.#stretchesAt(at).some(({ starts }) => starts.has(at));
  }

  isWhole({ start, end }: Unit): boolean {
    if (start === this.#whole.start && end === this.#whole.end) return true;
    return this.#stretchesAt(start).some((stretch) => stretch.end === end && stretch.starts.has(start));
  }

  /** The whole text, and the lines and commands that hold one of the places; all where there are none. */
  *around(places: Iterable<number> | undefined): Generator<Unit> {
    yield this.#whole;
    const seen = new Set<Stretch>();
    for (const at of places ?? this.#everyBreak()) {
      for (const stretch of this.#stretchesAt(at)) {
        if (seen.has(stretch)) continue;
        seen.add(stretch);
        for (const start of stretch.starts) yield { start, end: stretch.end };
      }
    }
  }

  /** Which stretches a place is in, for who keeps places and wants one of each. */
  stretchAt(at: number): number {
    return startOfStretch(this.#commands ?? this.#lines, at);
  }

  *#everyBreak(): Generator<number> {
    yield 0;
    for (const at of this.#commands ?? this.#lines) yield at + 1;
  }

  #stretchesAt(at: number): readonly Stretch[] {
    const line = this.#line(at);
    return this.#commands === undefined ? [line] : [line, this.#command(this.#commands, at)];
  }

  /** Lines and commands are known apart by the sign of their beginning. */
  #line(at: number): Stretch {
    const start = startOfStretch(this.#lines, at);
    return this.#once(-start - 1, () => {
      const unit = trimmed(this.#text, start, endOfStretch(this.#lines, at, this.#text.length));
      return { starts: new Set(unit.start < unit.end ? [unit.start] : []), end: unit.end };
    });
  }

  #command(breaks: Int32Array, at: number): Stretch {
    const start = startOfStretch(breaks, at);
    return this.#once(start, () => {
      const text = this.#text;
      const unit = trimmed(text, start, endOfCommand(text, endOfStretch(breaks, at, text.length)));
      const starts = startsOf(text, unit);
      if (starts.size >= STARTS_MAX) this.isCut = true;
      return { starts, end: unit.end };
    });
  }

  #once(key: number, make: () => Stretch): Stretch {
    let known = this.#known.get(key);
    if (known === undefined) {
      known = make();
      this.#known.set(key, known);
    }
    return known;
  }
}

/** Where a command begins: at its first word and behind what it is wrapped in, with and without the path of its program. */
function startsOf(text: string, { start, end }: Unit): ReadonlySet<number> {
  const starts = new Set<number>();
  let wordsBehind = 0;
  for (let at = start; at < end && starts.size < STARTS_MAX; ) {
    const wordEnd = endOfWord(text, at, end);
    const word = text.slice(at, wordEnd);
    const name = word.slice(word.lastIndexOf('/') + 1);
    const isWrapper = WRAPPERS.has(name.toLowerCase());
    if (at === start || wordsBehind > 0) {
      starts.add(at);
      if (name !== '') starts.add(wordEnd - name.length);
    }
    wordsBehind = isWrapper ? WORDS_BEHIND_MAX : Math.max(0, wordsBehind - 1);
    if (ASSIGNMENT.test(word)) wordsBehind = Math.max(wordsBehind, 1);
    else if (at === start && !isWrapper && !mayWrapLater(text, at, end)) break;
    at = wordEnd + 1;
  }
  return starts;
}

/** Not `indexOf`, which would look to the end of the text for each word of a long one without blanks. */
function endOfWord(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && text.charCodeAt(at) !== 0x20) at += 1;
  return at;
}

/** `find … -exec rm`: the wrapper is no program but an option. */
function mayWrapLater(text: string, start: number, end: number): boolean {
  return text.startsWith('find ', start) || text.slice(start, end).includes(' -exec');
}

/** The number before `2>` is the redirection's. */
function endOfCommand(text: string, end: number): number {
  return text[end] === '>' && /\s\d$/.test(text.slice(Math.max(0, end - 2), end)) ? end - 1 : end;
}

function tableOf(characters: string): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) =>
    characters.includes(String.fromCharCode(code)) ? 1 : 0,
  );
}

function breaksIn(text: string, table: Uint8Array): Int32Array {
  const breaks: number[] = [];
  for (let at = 0; at < text.length; at += 1) if (table[text.charCodeAt(at)] === 1) breaks.push(at);
  return Int32Array.from(breaks);
}

/** How many breaks are before a place. */
function breaksBefore(breaks: Int32Array, at: number): number {
  let [low, high] = [0, breaks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((breaks[middle] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function startOfStretch(breaks: Int32Array, at: number): number {
  const before = breaksBefore(breaks, at);
  return before === 0 ? 0 : (breaks[before - 1] ?? 0) + 1;
}

function endOfStretch(breaks: Int32Array, at: number, length: number): number {
  return breaks[breaksBefore(breaks, at)] ?? length;
}

function trimmed(text: string, start: number, end: number): Unit {
  let [from, to] = [start, end];
  while (from < to && isBlank(text, from)) from += 1;
  while (to > from && isBlank(text, to - 1)) to -= 1;
  return { start: from, end: to };
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
