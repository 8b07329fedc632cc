// What `serve`, `connect` and `loopback` share: a port as the generated definition describes it, and its calls as bytes.
// Both ends pass only what the definition names, so a method that an implementation has besides is never reachable.

import { Fault } from '@ai-switch/kernel';

/** The bytes of one message at most, in both directions: gRPC's own default, kept by every transport alike. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** The part of a generated message that the wire needs. */
export interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** A generated unary call. Calls between services are unary, so a streaming definition does not type-check. */
export interface MethodDefinition {
  readonly name: string;
  readonly requestType: Codec<unknown>;
  readonly requestStream: false;
  readonly responseType: Codec<unknown>;
  readonly responseStream: false;
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
export function pathOf(definition: ServiceDefinition, method: MethodDefinition): string {
  return `/${definition.fullName}/${method.name}`;
}

/** The callee's end: every call that `definition` names, by its path, answered by `implementation`. */
export function byteCallsOf<Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: PortOf<Definition>,
): Map<string, ByteCall> {
  const calls = new Map<string, ByteCall>();
  const port = implementation as Readonly<Record<string, (request: unknown) => Promise<unknown>>>;
  for (const [key, method] of Object.entries(definition.methods)) {
    calls.set(pathOf(definition, method), async (bytes) => {
      const request = decodeRequest(method, bytes);
      // Called on the port and not on a copy of the method, so that a class keeps its `this`.
      const response = await port[key]?.(request);
      return encode(method.responseType, response, `The answer of ${definition.name}.${key}`);
    });
  }
  return calls;
}

/** The caller's end: the port whose calls are carried as bytes to wherever `carry` takes them. */
export function portOver<Definition extends ServiceDefinition>(
  definition: Definition,
  carry: (path: string, request: Uint8Array) => Promise<Uint8Array>,
): PortOf<Definition> {
  const port: Record<string, (request: unknown) => Promise<unknown>> = {};
  for (const [key, method] of Object.entries(definition.methods)) {
    const path = pathOf(definition, method);
    port[key] = async (request) => {
      const bytes = encode(method.requestType, request, `The request to ${definition.name}.${key}`);
      return method.responseType.decode(await carry(path, bytes));
    };
  }
  return port as PortOf<Definition>;
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
