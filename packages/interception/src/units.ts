// Where a text's lines and commands are, for rules that match whole ones or their beginnings.

/** `[start, end)` of what an exact rule or a glob has to be, or a prefix rule to begin. */
export interface Unit {
  readonly start: number;
  readonly end: number;
}

/** More are not looked at one by one: a text with as many is no command line. */
const UNITS_MAX = 20_000;
/** Words behind a wrapper of commands at which the wrapped one may begin: options with values lie between. */
const WORDS_BEHIND_MAX = 6;

const WRAPPERS = new Set([
  'sudo',
  'doas',
  'su',
  'env',
  'exec',
  'xargs',
  'nohup',
  'time',
  'timeout',
  'command',
  'builtin',
  'nice',
  'ionice',
  'stdbuf',
  'setsid',
  'watch',
  'eval',
  'sh',
  'bash',
  'zsh',
  'dash',
  'ash',
  'ksh',
  'fish',
  'busybox',
  'then',
  'do',
  'else',
  'if',
  'while',
  'until',
  'and',
  'or',
  'not',
  '!',
  '-exec',
  '-execdir',
  '-ok',
  'cmd',
  'cmd.exe',
  'powershell',
  'powershell.exe',
  'pwsh',
  'ssh',
  'docker',
  'kubectl',
  'chroot',
  'unshare',
  'nsenter',
  'parallel',
  'script',
  'start',
  'call',
]);
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*\+?=/;

/** The whole text and its lines, without the blanks at their ends. */
export function linesOf(text: string): Unit[] {
  const units = [trimmed(text, 0, text.length)];
  if (!text.includes('\n')) return units;
  for (let start = 0; start <= text.length && units.length < UNITS_MAX; ) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    units.push(trimmed(text, start, end));
    start = end + 1;
  }
  return units.filter(({ start, end }) => start < end);
}

/** The simple commands of a shell's text, each also without what it is wrapped in and without the path of its program. */
export function commandsOf(text: string): Unit[] {
  const units: Unit[] = [];
  let start = 0;
  for (let at = 0; at <= text.length && units.length < UNITS_MAX; at += 1) {
    if (at < text.length && !isBetweenCommands(text, at)) continue;
    addCommand(units, text, trimmed(text, start, at));
    start = at + 1;
  }
  return units;
}

const BETWEEN_COMMANDS = Uint8Array.from({ length: 128 }, (_, code) =>
  ';|&\n()`{}'.includes(String.fromCharCode(code)) ? 1 : 0,
);

function isBetweenCommands(text: string, at: number): boolean {
  return BETWEEN_COMMANDS[text.charCodeAt(at)] === 1;
}

function addCommand(units: Unit[], text: string, { start, end }: Unit): void {
  let wordsBehind = 0;
  for (let at = start; at < end; ) {
    const wordEnd = endOfWord(text, at, end);
    const word = text.slice(at, wordEnd);
    const name = word.slice(word.lastIndexOf('/') + 1);
    const isWrapper = WRAPPERS.has(name.toLowerCase());
    if (at === start || wordsBehind > 0) {
      units.push({ start: at, end });
      if (name.length < word.length && name !== '') units.push({ start: wordEnd - name.length, end });
    }
    wordsBehind = isWrapper ? WORDS_BEHIND_MAX : Math.max(0, wordsBehind - 1);
    if (ASSIGNMENT.test(word)) wordsBehind = Math.max(wordsBehind, 1);
    else if (at === start && !isWrapper && !mayWrapLater(text, at, end)) return;
    at = wordEnd + 1;
  }
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
