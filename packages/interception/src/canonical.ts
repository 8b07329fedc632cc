// The one form of texts that a shell, or a reader, takes for the same. What was dropped, joined or exchanged can be found again:
// each character of the canonical text knows where in the original it came from.
//
// A shell's own work is followed where it needs no knowledge of its state: quotes, escapes, ANSI-C quoting, line
// continuations, `$IFS`, expansions that are empty, braces. What a variable or a command would give is not.

export interface Canonical {
  readonly text: string;
  /** Where each character came from, and one past the last. */
  readonly origins: Int32Array;
}

export function canonicalOf(original: string): Canonical {
  const canonicaliser = new Canonicaliser(original);
  canonicaliser.advance(original.length);
  return canonicaliser.end();
}

/** Of the pattern of a rule. */
export function canonicalPattern(pattern: string): string {
  return canonicalOf(pattern).text.trim();
}

const DROPPED = /^[\p{Cf}\p{Mn}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{2800}]$/u;
const BLANK = /^[\s\u{85}]$/u;

/** Letters of other scripts that look like Latin ones. */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: 'a',
    в: 'b',
    с: 'c',
    ԁ: 'd',
    е: 'e',
    һ: 'h',
    і: 'i',
    ј: 'j',
    к: 'k',
    ӏ: 'l',
    м: 'm',
    н: 'h',
    о: 'o',
    р: 'p',
    ԛ: 'q',
    ѕ: 's',
    т: 't',
    у: 'y',
    ѵ: 'v',
    ԝ: 'w',
    х: 'x',
    А: 'A',
    В: 'B',
    С: 'C',
    Е: 'E',
    Н: 'H',
    І: 'I',
    Ј: 'J',
    К: 'K',
    М: 'M',
    О: 'O',
    Р: 'P',
    Ѕ: 'S',
    Т: 'T',
    Х: 'X',
    α: 'a',
    ε: 'e',
    ι: 'i',
    κ: 'k',
    ν: 'v',
    ο: 'o',
    ρ: 'p',
    τ: 't',
    υ: 'u',
    χ: 'x',
    Α: 'A',
    Β: 'B',
    Ε: 'E',
    Η: 'H',
    Ι: 'I',
    Κ: 'K',
    Μ: 'M',
    Ν: 'N',
    Ο: 'O',
    Ρ: 'P',
    Τ: 'T',
    Υ: 'Y',
    Χ: 'X',
    Ζ: 'Z',
    ı: 'i',
    ɡ: 'g',
    ⅼ: 'l',
    '‐': '-',
    '‑': '-',
    '‒': '-',
    '–': '-',
    '—': '-',
    '−': '-',
    '⁄': '/',
    '∕': '/',
    '⧸': '/',
    '∣': '|',
    ǀ: '|',
    '；': ';',
  }),
);
const QUOTES = new Set(['"', "'", '‘', '’', '‚', '‛', '“', '”', '„', '‟', '´']);

/** Expansions that are blank, and such as are empty for who types them. */
const BLANK_EXPANSION = /\$(?:IFS(?![A-Za-z0-9_])(?:\$[0-9@*])?|\{IFS[^}]{0,16}\})/y;
const EMPTY_EXPANSION = /\$(?:[@*!1-9]|\{[@*1-9]\}|\(\s{0,8}\))|``/y;
const BRACES = /\{([^\s{}]{0,200},[^\s{}]{0,200})\}/y;
const ANSI_ESCAPE =
  /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3})|([\s\S]))/y;
const ANSI_LETTERS: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '',
  b: '',
  e: '',
  f: ' ',
  v: ' ',
};

/** Makes the canonical form of a text in as many stretches as one likes. */
export class Canonicaliser {
  readonly #original: string;
  /** UTF-16, and where each came from. */
  #units: Uint16Array;
  #origins: Int32Array;
  #length = 0;
  #at = 0;
  #isAnsi = false;

  constructor(original: string) {
    this.#original = original;
    this.#units = new Uint16Array(original.length + 1);
    this.#origins = new Int32Array(original.length + 1);
  }

  /** Goes on to this place in the original, or a little beyond. */
  advance(until: number): void {
    while (this.#at < until) {
      this.#copyPlain(until);
      if (this.#at < until) this.#step();
    }
  }

  end(): Canonical {
    this.#reserve(1);
    this.#origins[this.#length] = this.#original.length;
    const bytes = Buffer.from(this.#units.buffer, 0, this.#length * 2);
    return { text: bytes.toString('utf16le'), origins: this.#origins.subarray(0, this.#length + 1) };
  }

  /** Nearly every text is nearly all of what means itself: it is copied without another look. */
  #copyPlain(until: number): void {
    this.#reserve(until - this.#at);
    const [original, units, origins] = [this.#original, this.#units, this.#origins];
    let [at, length] = [this.#at, this.#length];
    let last = length === 0 ? NEWLINE : (units[length - 1] ?? NEWLINE);
    for (; at < until; at += 1) {
      const code = original.charCodeAt(at);
      if (code >= PLAIN.length || PLAIN[code] === 0) break;
      if (code === BLANK_CODE && (last === BLANK_CODE || last === NEWLINE)) continue;
      units[length] = code;
      origins[length] = at;
      length += 1;
      last = code;
    }
    [this.#at, this.#length] = [at, length];
  }

  #step(): void {
    const character = String.fromCodePoint(this.#original.codePointAt(this.#at) ?? 0);
    if (character === '\\') this.#escape();
    else if (character === '$' || character === '`') this.#dollar(character);
    else if (character === '{') this.#brace();
    else if (QUOTES.has(character)) {
      this.#isAnsi = false;
      this.#at += character.length;
    } else {
      this.#putNormal(character, this.#at);
      this.#at += character.length;
    }
  }

  #escape(): void {
    const start = this.#at;
    if (this.#isAnsi) {
      const found = this.#match(ANSI_ESCAPE);
      if (found !== undefined) {
        const [, x, u, wide, octal, letter = ''] = found;
        const hex = x ?? u ?? wide;
        const point = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16);
        const isCharacter = point > 0 && point <= 0x10ffff;
        const meant = Number.isNaN(point)
          ? (ANSI_LETTERS[letter] ?? letter)
          : isCharacter
            ? String.fromCodePoint(point)
            : '';
        for (const each of meant) this.#putNormal(each, start);
        return;
      }
    }
    const escaped = this.#original.codePointAt(start + 1);
    if (escaped === undefined) {
      this.#put('\\', start);
      this.#at += 1;
      return;
    }
    const character = String.fromCodePoint(escaped);
    this.#at += 1 + character.length;
    if (character === '\r' && this.#original[this.#at] === '\n') this.#at += 1;
    // A line that goes on.
    if (character !== '\n' && character !== '\r') this.#putNormal(character, start + 1);
  }

  #dollar(character: string): void {
    const start = this.#at;
    if (this.#match(BLANK_EXPANSION) !== undefined) this.#put(' ', start);
    else if (this.#match(EMPTY_EXPANSION) !== undefined) return;
    else if (character === '$' && this.#original[start + 1] === "'") {
      this.#isAnsi = true;
      this.#at += 2;
    } else if (character === '$' && this.#original[start + 1] === '"') this.#at += 2;
    else {
      this.#put(character, start);
      this.#at += 1;
    }
  }

  /** `{rm,-rf,/}` is `rm -rf /`. */
  #brace(): void {
    const start = this.#at;
    const inside = this.#match(BRACES)?.[1];
    if (inside === undefined) {
      this.#put('{', start);
      this.#at += 1;
      return;
    }
    let at = start + 1;
    for (const character of inside) {
      if (character === ',') this.#put(' ', at);
      else if (!QUOTES.has(character)) this.#putNormal(character, at);
      at += character.length;
    }
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#original);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  #putNormal(character: string, origin: number): void {
    const known = LOOK_ALIKES.get(character);
    if (known !== undefined) this.#put(known, origin);
    else if (character === '\n') this.#put('\n', origin);
    else if (BLANK.test(character)) this.#put(' ', origin);
    else if (!DROPPED.test(character) && !isControl(character)) {
      for (const each of character.normalize('NFKC')) {
        if (BLANK.test(each)) this.#put(' ', origin);
        else if (!DROPPED.test(each)) this.#put(LOOK_ALIKES.get(each) ?? each, origin);
      }
    }
  }

  /** Runs of blanks are one, and none at the ends of lines. */
  #put(character: string, origin: number): void {
    const isBlank = character === ' ' || character === '\t';
    const last = this.#length === 0 ? NEWLINE : this.#units[this.#length - 1];
    if (isBlank && (last === BLANK_CODE || last === NEWLINE)) return;
    const written = isBlank ? ' ' : character;
    this.#reserve(written.length);
    for (let unit = 0; unit < written.length; unit += 1) {
      this.#units[this.#length] = written.charCodeAt(unit);
      this.#origins[this.#length] = origin;
      this.#length += 1;
    }
  }

  /** One character may become many. */
  #reserve(more: number): void {
    if (this.#length + more <= this.#units.length) return;
    const length = Math.ceil((this.#length + more) * 1.5);
    const [units, origins] = [new Uint16Array(length), new Int32Array(length)];
    units.set(this.#units);
    origins.set(this.#origins);
    [this.#units, this.#origins] = [units, origins];
  }
}

const NEWLINE = 0x0a;
const BLANK_CODE = 0x20;

/** Blanks and printable ASCII that mean themselves. */
const PLAIN = Uint8Array.from({ length: 0x7f }, (_, code) =>
  code >= BLANK_CODE && !'"$\'\\`{'.includes(String.fromCharCode(code)) ? 1 : 0,
);

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}
