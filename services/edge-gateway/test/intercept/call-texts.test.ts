import { expect, test } from 'vitest';
import { callTexts } from '../../src/intercept/call-texts.ts';

test.each([
  { what: 'JSON', text: '{"command":"rm -rf /"}' },
  { what: 'JSON that was cut', text: '{"description":"x","command":"rm -rf /' },
  { what: 'JSON that was cut in an escape', text: '{"command":"rm -rf /","x":"y\\u00' },
  { what: 'escapes in JSON that was cut', text: '{"command":"rm \\u002drf \\/' },
  { what: 'two objects one behind the other', text: '{"command":"rm -rf /"}{"command":"ls"}' },
  { what: 'JSON within JSON', text: '{"arguments":"{\\"command\\":\\"rm -rf /\\"}"}' },
  { what: 'code', text: "await tools.exec_command({cmd: 'rm -rf /'})" },
  { what: 'code with a template', text: 'await run(`rm -rf /`)' },
  { what: 'a list of words', text: '{"command":["rm","-rf","/"]}' },
  { what: 'free text', text: 'rm -rf /' },
])('a command in $what is a text of its own', ({ text }) => {
  expect(callTexts('run', text)).toContain('rm -rf /');
});

test('the name of a tool is a text', () => {
  expect(callTexts('delete_everything', '{}')).toContain('delete_everything');
});
