// What a Claude model takes is told by its name. Other models that speak this dialect keep to its older form.

import { claudeVersion } from '../model/model-name.ts';

/** Claude checks the signature of every thought; other models that speak this dialect send and take thoughts without. */
export function isClaude(model: string): boolean {
  return model.toLowerCase().includes('claude');
}

/** Models from 4.6 on think by `adaptive` and an effort; 4.8 and later refuse a budget. Older ones know only a budget. */
export function isAdaptive(model: string): boolean {
  return claudeVersion(model) >= 4.6;
}

/** Claude before 4.6: "adaptive thinking is not supported on this model". Of other names nothing is known. */
export function isBudgetOnly(model: string): boolean {
  return claudeVersion(model) > 0 && !isAdaptive(model);
}

/** Opus 4.7 and all of the fifth generation refuse temperature, top_p and top_k. */
export function isSamplingRefused(model: string): boolean {
  return claudeVersion(model) >= 4.7;
}

/** Opus 4.8 and later take `role: "system"` among the messages; others answer "unexpected role". */
export function isSystemTurnTaken(model: string): boolean {
  return claudeVersion(model) >= 4.8;
}

/** Claude before that. Of other names nothing is known, and what a client sends them is left to them. */
export function isSystemTurnRefused(model: string): boolean {
  return claudeVersion(model) > 0 && !isSystemTurnTaken(model);
}

/** Models from 4.6 on: "This model does not support assistant message prefill. The conversation must end with a user message." */
export function isPrefillRefused(model: string): boolean {
  return claudeVersion(model) >= 4.6;
}

/** From Opus 4.1 on: "`temperature` and `top_p` cannot both be specified for this model". */
export function isSamplingExclusive(model: string): boolean {
  return claudeVersion(model) >= 4.1;
}
