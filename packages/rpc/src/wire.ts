// What the transports share: a port as the generated definition describes it, its calls, and its calls as bytes.
// Both ends pass only what the definition names, so a method that an implementation has besides is never reachable.

import { Fault } from '@ai-switch/kernel';

/** The bytes of one message at most, in both directions: gRPC's own default, kept by every transport of bytes alike. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** The part of a generated message that the wire needs. */
export interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
  /** A copy that shares no object with `message` and has only the fields of its type. */
  fromPartial(message: Message): Message;
}

/** A generated unary call. Calls between services are unary, so a streaming definition does not type-check. */
export interface MethodDefinition {
  readonly name: string;
  readonly requestType: Codec<unknown>;
  readonly requestStream: false;
  readonly responseType: Codec<unknown>;
  readonly responseStream: false;
  /** What `proto/` says of it. */
  readonly options: { readonly idempotencyLevel?: string };
}

/** A generated service, like `AuthDefinition`. */
export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: Readonly<Record<string, MethodDefinition>>;
}

/** The interface that a definition describes: `PortOf<typeof AuthDefinition>` is `Auth`. */
export type PortOf<Definition extends ServiceDefinition> = {
  [Method in keyof Definition['methods']]: (
    request: MessageOf<Definition['methods'][Method]['requestType']>,
  ) => Promise<MessageOf<Definition['methods'][Method]['responseType']>>;
};

type MessageOf<MessageCodec> = MessageCodec extends { decode(bytes: Uint8Array): infer Message }
  ? Message
  : never;

/** One call as bytes in, bytes out. */
export type ByteCall = (request: Uint8Array) => Promise<Uint8Array>;

/** The path of a call in gRPC, like `/aiswitch.v1.QuotaLedger/Reserve`. */
function pathOf(definition: ServiceDefinition, method: MethodDefinition): string {
  return `/${definition.fullName}/${method.name}`;
}

/** One call as messages. */
export type Call = (request: unknown) => Promise<unknown>;

export interface NamedCall {
  readonly path: string;
  readonly method: MethodDefinition;
  /** Like `Auth.authenticate`, for sentences. */
  readonly title: string;
  readonly call: Call;
}

/** The callee's end: every call that `definition` names, answered by `implementation`. */
export function callsOf<Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: PortOf<Definition>,
): NamedCall[] {
  const port = implementation as Readonly<Record<string, Call>>;
  return Object.entries(definition.methods).map(([key, method]) => ({
    path: pathOf(definition, method),
    method,
    title: `${definition.name}.${key}`,
    // Called on the port and not on a copy of the method, so that a class keeps its `this`.
    call: async (request) => port[key]?.(request),
  }));
}

/** The callee's end as bytes, by the path of each call. */
export function byteCallsOf<Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: PortOf<Definition>,
): Map<string, ByteCall> {
  const calls = new Map<string, ByteCall>();
  for (const { path, method, title, call } of callsOf(definition, implementation)) {
    calls.set(path, async (bytes) => {
      const response = await call(decodeRequest(method, bytes));
      return encode(method.responseType, response, `The answer of ${title}`);
    });
  }
  return calls;
}

/** The caller's end: the port whose calls `send` takes to their callee. */
export function portThrough<Definition extends ServiceDefinition>(
  definition: Definition,
  send: (call: Omit<NamedCall, 'call'>, request: unknown) => Promise<unknown>,
): PortOf<Definition> {
  const port: Record<string, Call> = {};
  for (const [key, method] of Object.entries(definition.methods)) {
    const call = { path: pathOf(definition, method), method, title: `${definition.name}.${key}` };
    port[key] = (request) => send(call, request);
  }
  return port as PortOf<Definition>;
}

/** The caller's end whose calls are carried as bytes to wherever `carry` takes them. */
export function portOver<Definition extends ServiceDefinition>(
  definition: Definition,
  carry: (call: Omit<NamedCall, 'call'>, request: Uint8Array) => Promise<Uint8Array>,
): PortOf<Definition> {
  return portThrough(definition, async (call, request) => {
    const { method, title } = call;
    const bytes = encode(method.requestType, request, `The request to ${title}`);
    return method.responseType.decode(await carry(call, bytes));
  });
}

function encode(codec: Codec<unknown>, message: unknown, subject: string): Uint8Array {
  const bytes = codec.encode(message).finish();
  if (bytes.length <= MESSAGE_BYTES_MAX) return bytes;
  throw new Fault(
    'tooLarge',
    `${subject} has ${bytes.length} bytes, more than the ${MESSAGE_BYTES_MAX} that one message may have. Please ask for less at a time.`,
  );
}

function decodeRequest(method: MethodDefinition, bytes: Uint8Array): unknown {
  try {
    return method.requestType.decode(bytes);
  } catch (cause) {
    throw new Fault('invalid', `The request to ${method.name} is not a message of its type.`, { cause });
  }
}
