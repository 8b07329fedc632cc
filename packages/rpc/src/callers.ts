// Who may call what. The name of a service stands in its certificate as `spiffe://<domain>/<service>` or as a DNS name whose first
// part it is. Without TLS nobody is known and the network decides.

import { Fault } from '@ai-switch/kernel';
import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';

/** By the path of a method or of a whole port (`/aiswitch.v1.QuotaLedger/`): the services that may call it. */
export type CallersByPath = Readonly<Record<string, readonly string[]>>;

/** The names in a certificate that a peer proved to be his own; undefined without TLS. */
export function callerNames({ sslPeerCertificate }: AuthContext): readonly string[] | undefined {
  if (sslPeerCertificate === undefined) return undefined;
  const alternatives = String(sslPeerCertificate.subjectaltname ?? '').split(/,\s*/);
  return alternatives.flatMap((name) => {
    const [, service] =
      /^URI:spiffe:\/\/[^/\s]+\/([a-z-]{1,64})$/.exec(name) ?? /^DNS:([a-z-]{1,64})(?:\.|$)/.exec(name) ?? [];
    return service === undefined ? [] : [service];
  });
}

/** @throws Fault `forbidden` for a caller that no line of the table lets through */
export function admitCaller(
  path: string,
  names: readonly string[] | undefined,
  callers: CallersByPath,
): void {
  if (names === undefined) return;
  const port = path.slice(0, path.lastIndexOf('/') + 1);
  const allowed = callers[path] ?? callers[port] ?? [];
  if (names.some((name) => allowed.includes(name))) return;
  throw new Fault('forbidden', `The service ${names[0] ?? 'without a name'} may not call ${path}.`);
}
