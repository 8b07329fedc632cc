import { asFault } from '@ai-switch/kernel';
import { faultBytes, faultFrom } from './fault-status.ts';
import { byteCallsOf, type PortOf, portOver, type ServiceDefinition } from './wire.ts';

/**
 * A port through its own codecs and without a socket. A test that passes direct and through loopback relies neither on
 * objects shared with the callee, nor on the difference between absent and zero, nor on an error that does not cross.
 */
export function loopback<Definition extends ServiceDefinition>(
  definition: Definition,
  implementation: PortOf<Definition>,
): PortOf<Definition> {
  const calls = byteCallsOf(definition, implementation);
  return portOver(definition, async ({ path }, request) => {
    const call = calls.get(path);
    if (call === undefined) throw new Error(`${path} is not in the definition`);
    try {
      return await call(request);
    } catch (error) {
      throw faultFrom(faultBytes(asFault(error))) ?? error;
    }
  });
}
