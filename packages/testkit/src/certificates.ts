import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface ServiceCertificate {
  readonly certificate: string;
  readonly privateKey: string;
  readonly authority: string;
}

export interface CertificateAuthority {
  /** Files for a service of this name, which is reached at the loopback and by its name. */
  certify(service: string): Promise<ServiceCertificate>;
}

/** An authority of its own in `folder`, whose certificates last a day. */
export async function certificateAuthority(folder: string): Promise<CertificateAuthority> {
  mkdirSync(folder, { recursive: true });
  const authority = join(folder, 'authority.pem');
  const ca = await generate([{ name: 'commonName', value: 'AI-Switch tests' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  writeFileSync(authority, ca.cert);
  return {
    certify: async (service) => {
      const made = await generate([{ name: 'commonName', value: service }], {
        keyType: 'ec',
        algorithm: 'sha256',
        notAfterDate: new Date(Date.now() + 86_400_000),
        ca: { key: ca.private, cert: ca.cert },
        extensions: [
          {
            name: 'subjectAltName',
            altNames: [
              { type: 6, value: `spiffe://ai-switch/${service}` },
              { type: 2, value: 'localhost' },
              { type: 7, ip: '127.0.0.1' },
            ],
          },
        ],
      });
      const [certificate, privateKey] = [join(folder, `${service}.pem`), join(folder, `${service}.key`)];
      writeFileSync(certificate, made.cert);
      writeFileSync(privateKey, made.private, { mode: 0o600 });
      return { certificate, privateKey, authority };
    },
  };
}
