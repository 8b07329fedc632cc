// Mutual TLS between services, from files that are looked at again every minute, so that a certificate is renewed without a restart.

import { readFileSync } from 'node:fs';
import { ConfigError, type Setting, textSetting, type Values } from '@ai-switch/kernel';
import * as grpc from '@grpc/grpc-js';

const RELOAD_MS = 60_000;

const fileSetting = (describe: string): Setting<string> =>
  textSetting({ describe, fallback: '', accepts: 'a path; all three of the files, or none' });

/** What every process reads that calls services or is one. */
export const tlsSettings = {
  AISWITCH_TLS_CERT_FILE: fileSetting(
    'The certificate of this service towards the others, in PEM. Without it gRPC is not encrypted: keep it on a private network.',
  ),
  AISWITCH_TLS_KEY_FILE: fileSetting('The private key of that certificate, in PEM.'),
  AISWITCH_TLS_CA_FILE: fileSetting(
    'The certificate of the authority that vouches for all services, in PEM.',
  ),
};

export interface TlsFiles {
  readonly certificate: string;
  readonly privateKey: string;
  readonly authority: string;
}

/** Undefined where there is no TLS. @throws ConfigError for some of the files and not all, or one that cannot be read */
export function tlsFiles(values: Values<typeof tlsSettings>): TlsFiles | undefined {
  const names = ['AISWITCH_TLS_CERT_FILE', 'AISWITCH_TLS_KEY_FILE', 'AISWITCH_TLS_CA_FILE'] as const;
  const missing = names.filter((name) => values[name] === '');
  if (missing.length === names.length) return undefined;
  if (missing.length > 0)
    throw new ConfigError(`${missing.join(' and ')} must be set with the other files of TLS`);
  for (const name of names) {
    try {
      readFileSync(values[name]);
    } catch (cause) {
      throw new ConfigError(`${name} names a file that cannot be read: ${values[name]}`, { cause });
    }
  }
  return {
    certificate: values.AISWITCH_TLS_CERT_FILE,
    privateKey: values.AISWITCH_TLS_KEY_FILE,
    authority: values.AISWITCH_TLS_CA_FILE,
  };
}

export function channelCredentials(tls: TlsFiles | undefined): grpc.ChannelCredentials {
  if (tls === undefined) return grpc.credentials.createInsecure();
  const files = providerOf(tls);
  return grpc.experimental.createCertificateProviderChannelCredentials(files, files);
}

export function serverCredentials(tls: TlsFiles | undefined): grpc.ServerCredentials {
  if (tls === undefined) return grpc.ServerCredentials.createInsecure();
  const files = providerOf(tls);
  return grpc.experimental.createCertificateProviderServerCredentials(files, files, true);
}

function providerOf({ certificate, privateKey, authority }: TlsFiles) {
  return new grpc.experimental.FileWatcherCertificateProvider({
    certificateFile: certificate,
    privateKeyFile: privateKey,
    caCertificateFile: authority,
    refreshIntervalMs: RELOAD_MS,
  });
}
