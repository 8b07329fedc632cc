// The variables are OpenTelemetry's own and read by its library, so that what is known of them elsewhere holds here. Only what
// decides whether there are traces at all is looked at.

import { basename, dirname } from 'node:path';

export interface TracingSettings {
  /** False when nothing says where traces go. */
  readonly isOn: boolean;
  /** What is wrong with where they go; undefined when nothing is. */
  readonly problem: string | undefined;
  /** What the process is called there; undefined when OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES says so. */
  readonly serviceName: string | undefined;
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'] as const;

export function readTracingSettings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  mainFile = process.argv[1] ?? '',
): TracingSettings {
  const name = ENDPOINTS.find((each) => environment[each]);
  const isNamed =
    environment.OTEL_SERVICE_NAME || /\bservice\.name=/.test(environment.OTEL_RESOURCE_ATTRIBUTES ?? '');
  return {
    isOn: name !== undefined && environment.OTEL_SDK_DISABLED?.toLowerCase() !== 'true',
    problem:
      name === undefined || isHttp(environment[name] ?? '')
        ? undefined
        : `${name} must be http://… or https://…`,
    serviceName: isNamed ? undefined : serviceOf(mainFile),
  };
}

function isHttp(address: string): boolean {
  return /^https?:$/.test(URL.parse(address)?.protocol ?? '');
}

/** `services/auth/src/main.ts` is `auth`. */
function serviceOf(mainFile: string): string {
  const folder = dirname(mainFile);
  return basename(basename(folder) === 'src' ? dirname(folder) : folder) || 'ai-switch';
}
