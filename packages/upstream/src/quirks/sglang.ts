import { withFields } from './body.ts';
import type { Quirk } from './quirk.ts';

/** Thoughts stand apart from the text: https://docs.sglang.ai/advanced_features/separate_reasoning.html */
export const sglangSeparateReasoning: Quirk = (body) =>
  body.separate_reasoning === undefined ? withFields(body, { separate_reasoning: true }) : body;
