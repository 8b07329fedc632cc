import { describe, expect, it } from 'vitest';
import { asFault, FAULT_CODES, Fault } from '../src/index.ts';

describe('a fault', () => {
  it('is an error with a code, a sentence, and what else is known', () => {
    const cause = new Error('socket');
    const fault = new Fault('overloaded', 'Full.', { retryAfterMs: 5, details: { queue: 'q' }, cause });
    expect(fault).toBeInstanceOf(Error);
    expect(fault).toMatchObject({
      name: 'Fault',
      code: 'overloaded',
      message: 'Full.',
      retryAfterMs: 5,
      cause,
    });
    expect(fault.details).toEqual({ queue: 'q' });
    expect(fault.stack).toContain('fault.test.ts');
  });

  it('has no cause, retry time or details unless given', () => {
    const fault = new Fault('notFound', 'Gone.');
    expect('cause' in fault).toBe(false);
    expect(fault.retryAfterMs).toBeUndefined();
    expect(fault.details).toEqual({});
  });

  it('passes through asFault as it is', () => {
    const fault = new Fault('conflict', 'No.');
    expect(asFault(fault)).toBe(fault);
  });

  it.each([
    [new Error('hunter2')],
    ['hunter2'],
    [undefined],
    [null],
    [{ code: 'conflict', message: 'hunter2' }],
  ])('hides the text of %o, and keeps it as the cause for the log', (thrown) => {
    const fault = asFault(thrown);
    expect(fault.code).toBe('internal');
    expect(fault.message).not.toContain('hunter2');
    expect(fault.cause).toBe(thrown);
  });

  it('has codes that are all different', () => {
    expect(new Set(FAULT_CODES).size).toBe(FAULT_CODES.length);
  });
});
