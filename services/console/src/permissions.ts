/** Who may: `root` is a key of a user with that role. */
export type Permission = 'root';

/**
 * Every route of the admin API with the permission that it needs. Deny by default: only what stands here is registered,
 * and a handler for a route that does not stand here fails to type-check.
 */
export const PERMISSIONS = {
  'GET /users': 'root',
  'POST /users': 'root',
  'GET /users/:user': 'root',
  'PATCH /users/:user': 'root',
  'DELETE /users/:user': 'root',

  'GET /keys': 'root',
  'POST /keys': 'root',
  'GET /keys/:keyId': 'root',
  'DELETE /keys/:keyId': 'root',

  'GET /providers': 'root',
  'GET /providers/:provider': 'root',
  'PUT /providers/:provider': 'root',
  'DELETE /providers/:provider': 'root',
  'POST /providers/:provider/models': 'root',

  'GET /aliases': 'root',
  'GET /aliases/:alias': 'root',
  'PUT /aliases/:alias': 'root',
  'DELETE /aliases/:alias': 'root',

  'GET /prices': 'root',
  'POST /prices': 'root',
  'GET /prices/cost': 'root',
  'GET /prices/:version': 'root',

  'GET /quotas': 'root',
  'GET /quotas/:user': 'root',
  'PATCH /quotas/:user': 'root',

  'GET /buckets': 'root',
  'GET /buckets/:bucket': 'root',
  'PUT /buckets/:bucket': 'root',
  'PATCH /buckets/:bucket': 'root',
  'DELETE /buckets/:bucket': 'root',

  'POST /grants': 'root',
  'PATCH /grants/:id': 'root',
  'DELETE /grants/:id': 'root',

  'GET /funding-orders': 'root',
  'GET /funding-orders/:scope': 'root',
  'PUT /funding-orders/:scope': 'root',
  'DELETE /funding-orders/:scope': 'root',

  'GET /quota-policy': 'root',
  'PATCH /quota-policy': 'root',

  'GET /statements/:bucket': 'root',
  'GET /receipts/:reservationId': 'root',
  'POST /reservations/:id/reverse': 'root',

  'GET /access-log': 'root',
  'GET /audit-events': 'root',
} as const satisfies Record<`${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`, Permission>;

export type RouteName = keyof typeof PERMISSIONS;
