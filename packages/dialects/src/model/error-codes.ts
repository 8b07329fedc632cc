// Providers' codes, types and states, in lower case, as the fault codes of ours. `upstream` stands for what is wrong with
// the gateway's own account, of which a client learns nothing more.
// https://platform.openai.com/docs/guides/error-codes

import type { ErrorCode } from './event.ts';

export const CODE_OF_STATUS: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [200, 'upstream'],
  [401, 'upstream'],
  [402, 'upstream'],
  [403, 'upstream'],
  [404, 'notFound'],
  [408, 'deadline'],
  [409, 'conflict'],
  [413, 'tooLarge'],
  [429, 'rateLimited'],
  [503, 'overloaded'],
  [504, 'deadline'],
  [529, 'overloaded'],
]);

export const CODE_OF_WORD: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['insufficient_quota', 'upstream'],
  ['billing_hard_limit_reached', 'upstream'],
  ['billing_error', 'upstream'],
  ['arrearage', 'upstream'],
  ['invalid_api_key', 'upstream'],
  ['invalidapikey', 'upstream'],
  ['api_key_invalid', 'upstream'],
  ['authentication_error', 'upstream'],
  ['permission_error', 'upstream'],
  ['permission_denied', 'upstream'],
  ['unauthenticated', 'upstream'],
  ['model_not_found', 'notFound'],
  ['not_found', 'notFound'],
  ['not_found_error', 'notFound'],
  ['rate_limit_exceeded', 'rateLimited'],
  ['rate_limit_error', 'rateLimited'],
  ['resource_exhausted', 'rateLimited'],
  ['throttling', 'rateLimited'],
  ['throttling.ratequota', 'rateLimited'],
  ['throttling.allocationquota', 'rateLimited'],
  // GLM, https://docs.z.ai/api-reference/api-code: too many at once, too often, for the model, for the day or the plan;
  // 1113 no credit, 1211 no such model, 1301 unsafe.
  ['1302', 'rateLimited'],
  ['1303', 'rateLimited'],
  ['1305', 'overloaded'],
  ['1113', 'upstream'],
  ['1304', 'rateLimited'],
  ['1308', 'rateLimited'],
  ['1310', 'rateLimited'],
  ['1211', 'notFound'],
  ['1301', 'invalid'],
  // MiniMax, https://platform.minimax.io/docs/api-reference/errorcode: its numbers mean other things than GLM's.
  ['base_resp.1000', 'unavailable'],
  ['base_resp.1001', 'deadline'],
  ['base_resp.1002', 'rateLimited'],
  ['base_resp.1004', 'upstream'],
  ['base_resp.1008', 'upstream'],
  ['base_resp.1013', 'unavailable'],
  ['base_resp.1026', 'invalid'],
  ['base_resp.1027', 'invalid'],
  ['base_resp.1033', 'unavailable'],
  ['base_resp.1039', 'rateLimited'],
  ['base_resp.1041', 'rateLimited'],
  ['base_resp.2013', 'invalid'],
  ['base_resp.2049', 'upstream'],
  ['base_resp.2056', 'rateLimited'],
  ['server_is_overloaded', 'overloaded'],
  ['overloaded_error', 'overloaded'],
  ['slow_down', 'overloaded'],
  ['unavailable', 'overloaded'],
  ['deadline_exceeded', 'deadline'],
  ['timeout', 'deadline'],
  ['timeout_error', 'deadline'],
  ['request_too_large', 'tooLarge'],
  ['invalidparameter', 'invalid'],
  ['invalid_prompt', 'invalid'],
  ['content_policy_violation', 'invalid'],
  ['data_inspection_failed', 'invalid'],
  ['datainspectionfailed', 'invalid'],
  ['invalid_encrypted_content', 'invalid'],
]);

/** Words that say less than a status that has a meaning of its own: OpenAI's 401 is an `invalid_request_error` too. */
export const CODE_OF_BROAD_WORD: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['invalid_argument', 'invalid'],
  ['invalid_request_error', 'invalid'],
  ['badrequesterror', 'invalid'],
  ['server_error', 'unavailable'],
  ['api_error', 'unavailable'],
  ['internal', 'unavailable'],
]);

/** Of the words that stand for `upstream`: those that mean no credit. */
export const CREDIT_WORDS = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_error',
  'arrearage',
  '1113',
  'base_resp.1008',
]);
