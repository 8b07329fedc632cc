// A port whose implementation runs on another thread of the same process. Messages cross by structured clone, which costs
// half of what encoding and decoding them does, and all calls of one turn of the event loop cross as one message: waking a thread costs ten times what
// carrying one more call does.
//
// There is no deadline here: a thread that is alive answers, or the call waits as it would for an object of the same
// thread. When the other thread is gone, calls in flight and all later ones fail as `unavailable`.

import type { MessagePort } from 'node:worker_threads';
import { asFault, Fault } from '@ai-switch/kernel';
import type { Connection } from './connect.ts';
import { faultBytes, faultFrom } from './fault-status.ts';
import { tracedCall } from './tracing.ts';
import { callsOf, type NamedCall, type PortOf, portThrough, type ServiceDefinition } from './wire.ts';

/** Calls of one caller that wait for their answer; one more is refused as `overloaded`. */
export const CALLS_IN_FLIGHT_MAX = 10_000;

type Asked = readonly [id: number, path: string, request: unknown];
/** The bytes are those of a Fault. */
type Answered = readonly [id: number, response: unknown, fault?: Uint8Array];

export interface ServeThreadOptions {
  /** Hears of every error that crosses as `internal`: a mistake of ours, whose text stays on this side. */
  readonly onError?: (error: unknown, path: string) => void;
}

export interface ThreadServer {
  /** Refuses new calls, waits for those in flight, sends their answers and closes the channel. */
  close(): Promise<void>;
}

/** Answers what `connectThread` asks at the other end of `channel`. */
export function serveThread<Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: PortOf<Definition>,
  channel: MessagePort,
  { onError }: ServeThreadOptions = {},
): ThreadServer {
  const calls = new Map(callsOf(definition, implementation).map((call) => [call.path, call]));
  const send = turnSender<Answered>(channel);
  let callsInFlight = 0;
  let isClosing = false;
  let drained = () => {};

  const answerOf = async (path: string, request: unknown) => {
    if (isClosing) throw unavailable(definition.name);
    const known = calls.get(path);
    if (known === undefined) throw new Error('the call is not in the definition');
    return known.method.responseType.fromPartial(await known.call(request));
  };
  const fail = (id: number, path: string, error: unknown) => {
    const fault = asFault(error);
    if (fault.code === 'internal') onError?.(error, path);
    send([id, undefined, faultBytes(fault)], () => {});
  };
  channel.on('message', (asked: readonly Asked[]) => {
    for (const [id, path, request] of asked) {
      callsInFlight += 1;
      answerOf(path, request)
        .then((response) => send([id, response], (error) => fail(id, path, error)))
        .catch((error: unknown) => fail(id, path, error))
        .finally(() => {
          callsInFlight -= 1;
          if (callsInFlight === 0) drained();
        });
    }
  });
  return {
    close: async () => {
      isClosing = true;
      if (callsInFlight > 0) {
        await new Promise<void>((resolve) => {
          drained = resolve;
        });
      }
      await endOfTurn();
      channel.close();
    },
  };
}

/** The port that another thread serves at the other end of `channel`. At `close` the calls in flight fail. */
export function connectThread<Definition extends ServiceDefinition>(
  definition: Definition,
  channel: MessagePort,
): Connection<PortOf<Definition>> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let isOpen = true;
  const settle = (id: number) => {
    const call = waiting.get(id);
    waiting.delete(id);
    return call;
  };
  const send = turnSender<Asked>(channel);
  channel.on('message', (answered: readonly Answered[]) => {
    for (const [id, response, fault] of answered) {
      if (fault === undefined) settle(id)?.resolve(response);
      else settle(id)?.reject(faultFrom(fault) ?? asFault(undefined));
    }
  });
  const goAway = () => {
    isOpen = false;
    for (const id of [...waiting.keys()]) settle(id)?.reject(unavailable(definition.name));
  };
  channel.once('close', goAway);

  const carry = async ({ path, method }: Omit<NamedCall, 'call'>, request: unknown) => {
    if (!isOpen) throw unavailable(definition.name);
    if (waiting.size >= CALLS_IN_FLIGHT_MAX) throw overloaded(definition.name);
    // Sent at the end of the turn, but what the caller does to its object by then changes nothing.
    const copy = method.requestType.fromPartial(request);
    const call = Promise.withResolvers<unknown>();
    lastId += 1;
    const id = lastId;
    waiting.set(id, call);
    send([id, path, copy], (error) => settle(id)?.reject(error));
    return await call.promise;
  };
  const port = portThrough(definition, (call, request) => tracedCall(call.path, () => carry(call, request)));
  return {
    ...port,
    close: () => {
      goAway();
      channel.close();
    },
  };
}

/**
 * Sends what is given to it in one turn of the event loop as one message. An item that cannot be cloned is refused and
 * does not keep the others of its turn back.
 */
function turnSender<Item>(channel: MessagePort): (item: Item, refuse: (error: unknown) => void) => void {
  let turn: { readonly item: Item; readonly refuse: (error: unknown) => void }[] = [];
  const send = () => {
    const given = turn;
    turn = [];
    try {
      channel.postMessage(given.map(({ item }) => item));
    } catch {
      for (const { item, refuse } of given) {
        try {
          channel.postMessage([item]);
        } catch (error) {
          refuse(error);
        }
      }
    }
  };
  return (item, refuse) => {
    if (turn.length === 0) setImmediate(send);
    turn.push({ item, refuse });
  };
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function unavailable(name: string): Fault {
  return new Fault('unavailable', `The ${name} service does not answer. Please try again in a moment.`);
}

function overloaded(name: string): Fault {
  const sentence = `The ${name} service has no room at the moment. Please try again in a moment.`;
  return new Fault('overloaded', sentence, { retryAfterMs: 1_000 });
}
