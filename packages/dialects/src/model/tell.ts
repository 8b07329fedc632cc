import type { Request } from './request.ts';

/** The request with a line of ours at the end of its system prompt: what the target has no field for is told in words. */
export function tell(request: Request, text: string): Request {
  return { ...request, system: [...request.system, { kind: 'text', text }] };
}
