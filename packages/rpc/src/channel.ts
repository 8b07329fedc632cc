import type * as grpc from '@grpc/grpc-js';
import { MESSAGE_BYTES_MAX } from './wire.ts';

export const CARRY_PATH = '/aiswitch.v1.Calls/Carry';

/** What a message of the stream has around the one message that it carries at least. */
const ENVELOPE_BYTES = 64 * 1024;

/** Calls that wait for their answers on one connection; more are refused as `overloaded`. */
export const CALLS_IN_FLIGHT_MAX = 10_000;

export const CHANNEL_OPTIONS: grpc.ClientOptions = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX + ENVELOPE_BYTES,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX + ENVELOPE_BYTES,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // Services call each other directly, whatever the environment says about the way to the internet.
  'grpc.enable_http_proxy': 0,
};
