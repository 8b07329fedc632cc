import { type Dialect, type Event, openaiChat, type Request } from '@ai-switch/dialects';
export interface Capabilities {
  readonly isStreamOnly?: boolean;
}
export const openSeals = (request: Request, _origin: string, _same: boolean): Request => request;
export const sealEvent = (event: Event, _origin: string): Event => event;
export const fitRequest = (
  request: Request,
  _c: Capabilities,
): { request: Request; dropped: readonly string[]; restore?: () => (event: Event) => readonly Event[] } => ({
  request,
  dropped: [],
});
export interface QuirkContext {
  model: string;
  isStreaming: boolean;
  clientDialect: string;
  affinityKey: string;
}
export const applyQuirks = <B>(_t: object, body: B, _c: QuirkContext): B => body;
export const capabilitiesOf = (_t: object): Capabilities => ({});
export const originOf = (t: { provider: string; model: string }): string => `${t.provider}/${t.model}`;
export const openaiResponses: Dialect = openaiChat;
export const gemini: Dialect = openaiChat;
