import { describe, expect, it } from 'vitest';
import { setEnvironmentLines } from '../src/cli/connect/edit-environment-file.ts';
import { setTomlTable, setTomlTopLevel } from '../src/cli/connect/edit-toml.ts';
import { lineDiff } from '../src/cli/connect/line-diff.ts';
import { type JsonObject, mergeJson } from '../src/cli/connect/merge-json.ts';

describe('a JSON file', () => {
  const env = (values: JsonObject): JsonObject => ({ env: values });

  it.each([
    ['an empty file gets the settings alone', '', '{\n  "env": {\n    "A": "1"\n  }\n}\n'],
    [
      'what else it holds stays, in its order and with its indentation',
      '{\n    "theme": "dark",\n    "env": {\n        "B": "2",\n        "A": "0"\n    },\n    "last": []\n}',
      '{\n    "theme": "dark",\n    "env": {\n        "B": "2",\n        "A": "1"\n    },\n    "last": []\n}',
    ],
    ['tabs stay tabs', '{\n\t"x": 1\n}\n', '{\n\t"x": 1,\n\t"env": {\n\t\t"A": "1"\n\t}\n}\n'],
    [
      'line ends of Windows stay',
      '{\r\n  "x": 1\r\n}\r\n',
      '{\r\n  "x": 1,\r\n  "env": {\r\n    "A": "1"\r\n  }\r\n}\r\n',
    ],
    ['a file that says so already is not touched', '{ "env":{"A":"1"} ,"x":1}', '{ "env":{"A":"1"} ,"x":1}'],
  ])('%s', (_title, before, after) => {
    expect(mergeJson(before, env({ A: '1' }))).toBe(after);
    expect(mergeJson(after, env({ A: '1' }))).toBe(after);
  });

  it.each([
    ['comments at the end of a line', '{\n  "x": 1 // mine\n}', 'comments, which would be lost'],
    ['comments in a block', '{ /* mine */ "x": 1 }', 'comments, which would be lost'],
    ['a comma too many', '{ "url": "http://x//y", }', 'it is no JSON'],
    ['half a file', '{ "env": {', 'it is no JSON'],
    ['a list', '[1]', 'no JSON object'],
    ['a word where an object belongs', '{ "env": "A=0" }', 'its env is no object'],
  ])('%s is refused', (_title, text, words) => {
    expect(() => mergeJson(text, env({ A: '1' }))).toThrow(words);
  });
});

describe('a TOML file', () => {
  const table = {
    path: ['providers', 'ours'],
    values: { name: 'Ours', url: 'http://x' },
    contradictions: ['env_key'],
  };
  const edit = (text: string) => setTomlTable(setTomlTopLevel(text, { model: 'm' }), table);
  const LOOKS_LIKE = `note = """
[providers.ours]
model = "x" \\"""
"""
list = [
  "]", # [
  '[a]',
]
`;
  const OURS = '[providers.ours]\nname = "Ours"\nurl = "http://x"\n';

  it.each([
    ['an empty file gets the settings alone', '', `model = "m"\n\n${OURS}`],
    [
      'a new key stands behind the others that are in no table, a new table at the end',
      '# mine\napproval = "never" # always\n\n[tui] # looks\ntheme = "x"\n',
      `# mine\napproval = "never" # always\nmodel = "m"\n\n[tui] # looks\ntheme = "x"\n\n${OURS}`,
    ],
    [
      'a value is changed in place, and its comment stays',
      'model   = "old"   # the best\n[tui]\nmodel = "not this"\n',
      `model   = "m"   # the best\n[tui]\nmodel = "not this"\n\n${OURS}`,
    ],
    [
      'our own table is brought up to date, with what else stands in it',
      'model = "m"\n[providers.ours]\nurl = "http://old" # was\nretries = 3\n\n[providers.ours.headers]\nname = "not this"\n[z]\n',
      'model = "m"\n[providers.ours]\nurl = "http://x" # was\nretries = 3\nname = "Ours"\n\n[providers.ours.headers]\nname = "not this"\n[z]\n',
    ],
    [
      'what only looks like a statement is none',
      `${LOOKS_LIKE}[p."a.b]".c]\nx = { y = "}" }\n`,
      `${LOOKS_LIKE}model = "m"\n[p."a.b]".c]\nx = { y = "}" }\n\n${OURS}`,
    ],
    ['a key without a table before it stands first', '[a]\nb = 1', `model = "m"\n\n[a]\nb = 1\n\n${OURS}`],
    ['no line end at the end of the file', 'a = 1', `a = 1\nmodel = "m"\n\n${OURS}`],
    ['quotes of the other kind say the same', `model = 'm'\n${OURS}`, `model = 'm'\n${OURS}`],
    [
      'line ends of Windows stay',
      'a = 1\r\n',
      `a = 1\r\nmodel = "m"\r\n\r\n${OURS.replaceAll('\n', '\r\n')}`,
    ],
  ])('%s', (_title, before, after) => {
    expect(edit(before)).toBe(after);
    expect(edit(after)).toBe(after);
  });

  it.each([
    ['an inline table', 'providers = { ours = { name = "x" } }\n'],
    ['an inline table in a table', '[providers]\nours = { name = "x" }\n'],
    ['keys with dots', 'providers.ours.name = "x"\n'],
    ['keys with dots in a table', '[providers]\nours.name = "x"\n'],
    ['a list of tables', '[[providers]]\nname = "x"\n'],
  ])('our table as %s is refused', (_title, text) => {
    expect(() => edit(text)).toThrow('in another form than a table [providers.ours]');
  });

  it('a key of our table that goes against ours is refused', () => {
    expect(() => edit('[providers.ours]\nenv_key = "X"\n')).toThrow('its [providers.ours] has env_key');
  });

  it.each([
    ['a = \n', 1],
    ['a = 1\nb = "x\n', 2],
    ['a = 1\n[b\n', 2],
    ['\n\na = [1,\n', 3],
    ['a = 1 b = 2\n[x] y\n', 2],
    ['just words\n', 1],
  ])('%j is no TOML, see line %i', (text, line) => {
    expect(() => edit(text)).toThrow(`no TOML: see line ${line}`);
  });
});

describe('a .env file', () => {
  const edit = (text: string) => setEnvironmentLines(text, { KEY: 'k-1', URL: 'http://x:1' });

  it.each([
    ['an empty file gets the lines alone', '', 'KEY=k-1\nURL=http://x:1\n'],
    [
      'others stay, ours are changed in place',
      '# mine\nexport KEY="old"\nB=2',
      '# mine\nexport KEY=k-1\nB=2\nURL=http://x:1\n',
    ],
    [
      'quotes are another way to say the same',
      'KEY="k-1"\nURL=\'http://x:1\'',
      'KEY="k-1"\nURL=\'http://x:1\'',
    ],
    [
      'a line that is set twice is changed twice',
      'KEY=1\nKEY=2\nURL=http://x:1\n',
      'KEY=k-1\nKEY=k-1\nURL=http://x:1\n',
    ],
    ['a comment is no line', '#KEY=1\r\n', '#KEY=1\r\nKEY=k-1\r\nURL=http://x:1\r\n'],
  ])('%s', (_title, before, after) => {
    expect(edit(before)).toBe(after);
    expect(edit(after)).toBe(after);
  });
});

describe('what changes is shown', () => {
  it('with the lines around it, and nothing far from it', () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`).join('\n');
    const after = before.replace('line 3\n', 'line three\n').replace('line 16', 'line 16\nnew');
    expect(lineDiff(before, after).split('\n')).toEqual([
      ...['  line 0', '  line 1', '  line 2', '- line 3', '+ line three', '  line 4', '  line 5', '  line 6'],
      '...',
      ...['  line 14', '  line 15', '  line 16', '+ new', '  line 17', '  line 18', '  line 19'],
    ]);
  });

  it('as nothing when nothing does, and as one block when too much does', () => {
    expect(lineDiff('a\n', 'a\n')).toBe('');
    const many = (word: string) => Array.from({ length: 2_500 }, (_, index) => `${word}${index}`).join('\n');
    expect(lineDiff(many('a'), many('b')).split('\n')).toHaveLength(5_000);
  });

  it('without the codes that steer a terminal', () => {
    expect(lineDiff('', 'a\u001b[2Jb')).toBe('+ a [2Jb');
  });
});
