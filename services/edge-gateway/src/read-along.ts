// An answer whose bytes go through untouched is read all the same where its client will not bring the thoughts in it back.
// Most answers have none, so that nothing is parsed before the first sign of one.

import {
  type Dialect,
  type Event,
  type Frame,
  InvalidReply,
  type JsonValue,
  sealing,
} from '@ai-switch/dialects';
import type { ReasoningRecorder } from './reasoning-store.ts';

/** @param origin who makes the reasoning */
export function frameRecorder(
  dialect: Dialect,
  origin: string,
  recorder: ReasoningRecorder,
): (frame: Frame) => void {
  const reader = dialect.streamReader();
  const seal = sealing(origin);
  let isThinking = false;
  return (frame) => {
    isThinking ||= hasThought(frame.data);
    if (isThinking) observe(reader.read(frame), seal, recorder);
  };
}

/** Records a whole reply, unless it is none: what passes through is the client's to judge. @param text of the same */
export function recordReply(
  dialect: Dialect,
  origin: string,
  recorder: ReasoningRecorder,
  body: JsonValue,
  text: Buffer,
): void {
  if (!hasThought(text)) return;
  try {
    observe(dialect.readReply(body), sealing(origin), recorder);
  } catch (error) {
    if (!(error instanceof InvalidReply)) throw error;
  }
}

/** Providers of open models call it `reasoning_content`, `reasoning` or `reasoning_details`, or put it in a tag. */
function hasThought(text: string | Buffer): boolean {
  return text.includes('"reasoning') || text.includes('<think>');
}

function observe(
  events: readonly Event[],
  seal: ReturnType<typeof sealing>,
  recorder: ReasoningRecorder,
): void {
  for (const event of events.flatMap(seal)) recorder.observe(event);
}
