// The words of the port as those of the engine.

import { RuleAction, RuleMode, Surface } from '@ai-switch/contracts';
import type {
  RuleAction as EngineAction,
  RuleMode as EngineMode,
  Surface as EngineSurface,
} from '@ai-switch/interception';

const MODES: Readonly<Partial<Record<RuleMode, EngineMode>>> = {
  [RuleMode.EXACT]: 'exact',
  [RuleMode.PREFIX]: 'prefix',
  [RuleMode.CONTAINS]: 'contains',
  [RuleMode.GLOB]: 'glob',
  [RuleMode.REGEX]: 'regex',
};
const ACTIONS: Readonly<Partial<Record<RuleAction, EngineAction>>> = {
  [RuleAction.BLOCK]: 'block',
  [RuleAction.FLAG]: 'flag',
  [RuleAction.SHADOW]: 'shadow',
};
const SURFACES: Readonly<Partial<Record<Surface, EngineSurface>>> = {
  [Surface.PROMPT]: 'prompt',
  [Surface.TOOL_CALL]: 'toolCall',
  [Surface.TOOL_RESULT]: 'toolResult',
};

export function modeOf(mode: RuleMode): EngineMode | undefined {
  return MODES[mode];
}

export function actionOf(action: RuleAction): EngineAction | undefined {
  return ACTIONS[action];
}

export function surfaceOf(surface: Surface): EngineSurface | undefined {
  return SURFACES[surface];
}
