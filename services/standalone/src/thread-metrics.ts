// What a thread of this process counts, asked for by the thread that operators ask. A thread that does not answer in time is left out:
// the rest is told all the same.

import type { MessagePort } from 'node:worker_threads';
import { type MetricsOfThread, metricsOfThread } from '@ai-switch/telemetry';

const ANSWER_MS = 2_000;

/** On the thread that is asked. Closing the channel ends it. */
export function answerMetrics(channel: MessagePort): void {
  channel.on('message', (id: number) => {
    void metricsOfThread().then((metrics) => channel.postMessage([id, metrics]));
  });
}

/** On the thread that asks. */
export function metricsAsker(channel: MessagePort): () => Promise<MetricsOfThread> {
  let lastId = 0;
  return () =>
    new Promise((resolve, reject) => {
      lastId += 1;
      const id = lastId;
      const end = () => {
        clearTimeout(timer);
        channel.off('message', hear);
        // Listening keeps a process alive.
        channel.unref();
      };
      const hear = ([answered, metrics]: readonly [number, MetricsOfThread]) => {
        if (answered !== id) return;
        end();
        resolve(metrics);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error('the thread does not say what it counted'));
      }, ANSWER_MS);
      channel.on('message', hear);
      channel.postMessage(id);
    });
}
