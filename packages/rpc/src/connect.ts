import { asFault } from '@ai-switch/kernel';
import { checkAddress } from './addresses.ts';
import { timedCall } from './call-metrics.ts';
import { Carrier } from './carrier.ts';
import { faultOfMessage } from './fault-status.ts';
import { channelCredentials, type TlsFiles } from './tls.ts';
import { tracedCall } from './tracing.ts';
import { type MethodDefinition, type PortOf, portOver, type ServiceDefinition } from './wire.ts';

const TIMEOUT_MS = 5_000;
const TIMEOUT_MS_MAX = 60_000;

export interface ConnectOptions {
  /** How long one call may take, retries included, in ms: 1 to 60,000, default 5,000. */
  readonly timeoutMs?: number;
  /** Without it the connection is neither encrypted nor authenticated: it has to stay on a private network. */
  readonly tls?: TlsFiles | undefined;
}

/** A port behind gRPC, and the way to let go of it. */
export type Connection<Port> = Port & {
  /** Closes the connection; calls in flight end as they would have. */
  close(): void;
};

/** Every port at one address goes over the same links. */
const carriers = new Map<string, { readonly carrier: Carrier; users: number }>();

/**
 * A port that another process serves at `address`: `host:port`, several with commas, or `dns:///name:port`. Every place that this
 * stands for is used in turn. It connects at the first call, and again whenever a peer comes back. A service that is gone is the
 * Fault `unavailable`, a call over its time `deadline`.
 */
export function connect<Definition extends ServiceDefinition>(
  definition: Definition,
  address: string,
  { timeoutMs = TIMEOUT_MS, tls }: ConnectOptions = {},
): Connection<PortOf<Definition>> {
  if (!(timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX)) {
    throw new RangeError(`timeoutMs must be from 1 to ${TIMEOUT_MS_MAX}`);
  }
  checkAddress(address);
  const { carrier, release } = takeCarrier(address, tls);
  const { name } = definition;
  const port = portOver(definition, ({ path, method }, request) =>
    timedCall(path, () =>
      tracedCall(path, async (traceparent) => {
        const isRepeatable = isRepeatableCall(method);
        const { response, fault } = await carrier.carry(
          request,
          { path, isRepeatable, timeoutMs, traceparent },
          name,
        );
        if (fault !== undefined) throw faultOfMessage(fault) ?? asFault(undefined);
        return response;
      }),
    ),
  );
  return { ...port, close: release };
}

function takeCarrier(address: string, tls: TlsFiles | undefined) {
  const key = JSON.stringify([address, tls]);
  const taken = carriers.get(key) ?? { carrier: new Carrier(address, channelCredentials(tls)), users: 0 };
  carriers.set(key, taken);
  taken.users += 1;
  let isReleased = false;
  const release = () => {
    if (isReleased) return;
    isReleased = true;
    taken.users -= 1;
    if (taken.users > 0) return;
    carriers.delete(key);
    taken.carrier.close();
  };
  return { carrier: taken.carrier, release };
}

/** Whether doing it twice does what doing it once does, as `proto/` says of each call. */
function isRepeatableCall({ options }: MethodDefinition): boolean {
  return options.idempotencyLevel !== undefined;
}
