import { InvalidRequest } from '../dialect.ts';
import type { Tool, ToolChoice } from './request.ts';

/**
 * The choice, if the tool that it names is there. A tool of another dialect's kind may have a name that is not known here.
 * @throws InvalidRequest as providers do
 */
export function listedChoice(choice: ToolChoice | undefined, tools: readonly Tool[]): ToolChoice | undefined {
  if (choice?.kind !== 'tool') return choice;
  const names = tools.map((tool) =>
    'name' in tool ? tool.name : 'value' in tool ? tool.value.name : undefined,
  );
  if (names.includes(choice.name) || names.includes(undefined)) return choice;
  const name = choice.name.slice(0, 128);
  throw new InvalidRequest('tool_choice', `The tool "${name}" that "tool_choice" names is not in "tools".`);
}
