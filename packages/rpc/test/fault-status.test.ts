import { FAULT_CODES, Fault } from '@ai-switch/kernel';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { FAULT_BYTES_MAX, faultBytes, faultFrom, faultOf, statusOf } from '../src/fault-status.ts';

function errorWith(code: status, metadata = new Metadata()): ServiceError {
  return Object.assign(new Error('password=hunter2'), { code, details: 'password=hunter2', metadata });
}

describe('a fault as a gRPC status', () => {
  it.each(FAULT_CODES)('%s has a status of its own kind, never OK', (code) => {
    expect(statusOf(new Fault(code, 'No.')).code).not.toBe(status.OK);
    expect(statusOf(new Fault(code, 'No.')).details).toBe('No.');
  });

  it.each([
    [status.UNAVAILABLE, 'unavailable'],
    [status.CANCELLED, 'unavailable'],
    [status.DEADLINE_EXCEEDED, 'deadline'],
    [status.RESOURCE_EXHAUSTED, 'overloaded'],
    [status.INVALID_ARGUMENT, 'invalid'],
    [status.UNAUTHENTICATED, 'unauthenticated'],
    [status.PERMISSION_DENIED, 'forbidden'],
    [status.NOT_FOUND, 'notFound'],
    [status.ALREADY_EXISTS, 'conflict'],
    [status.UNIMPLEMENTED, 'internal'],
    [status.INTERNAL, 'internal'],
    [status.UNKNOWN, 'internal'],
  ] as const)('status %i without our trailer is %s, in our words', (code, expected) => {
    const fault = faultOf(errorWith(code), 'Auth');
    expect(fault.code).toBe(expected);
    expect(fault.message).toContain('Auth');
    expect(fault.message).not.toContain('hunter2');
  });

  it.each([
    ['bytes that are no fault', Buffer.from([255, 255, 255])],
    ['a code of a later version', Buffer.from([10, 3, 97, 98, 99])],
  ])('falls back on the status for %s', (_name, bytes) => {
    const metadata = new Metadata();
    metadata.set('aiswitch-fault-bin', bytes);
    expect(faultFrom(bytes)).toBeUndefined();
    expect(faultOf(errorWith(status.NOT_FOUND, metadata), 'Auth').code).toBe('notFound');
  });

  it('never takes more room than a trailer has', () => {
    const details = Object.fromEntries(
      Array.from({ length: 500 }, (_, index) => [`field${index}`, '€'.repeat(50)]),
    );
    const fault = new Fault('invalid', '€'.repeat(100_000), { details });
    expect(faultBytes(fault).length).toBeLessThanOrEqual(FAULT_BYTES_MAX);
  });
});
