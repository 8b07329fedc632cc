// The admin API as an OpenAPI 3.1 document, made of the same routes and schemas that check every request.
// https://spec.openapis.org/oas/v3.1.1

import { COMPANY_HEADER, COMPANY_PARAMETER, CSRF_HEADER, SESSION_COOKIE } from '../authorise.ts';
import { PATH_PARAMETERS, type PathParameter } from '../routes/path-parameters.ts';
import { isWrite, type Route, TAGS } from '../routes/route.ts';
import { ROUTES } from '../routes/table.ts';
import { SchemaBook } from './schema-book.ts';

type Json = Readonly<Record<string, unknown>>;

/** Where the routes stand. */
const ADMIN_PATH = '/api/admin/v1';

const DESCRIPTION = `Every list is paged by key: \`after\` takes the \`nextAfter\` of the page before. Creations can be repeated under a chosen id, a natural name or an \`Idempotency-Key\`. What has a \`revision\` has it as its ETag, and writes take \`If-Match\`. Errors are problem details (RFC 9457) with a \`code\`. What one does not see is not found. Root names another company by \`?company=\` or the header \`${COMPANY_HEADER}\`.`;

let made: Json | undefined;

/** The same each time. */
export function openApiDocument(): Json {
  made ??= makeDocument();
  return made;
}

function makeDocument(): Json {
  const book = new SchemaBook();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [operationId, route] of Object.entries(ROUTES) as [string, Route][]) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(book, operationId, route) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'AI-Switch admin API',
      version: '1',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: ADMIN_PATH }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{ bearerKey: [] }, { headerKey: [] }, { sessionCookie: [] }],
    paths,
    components: {
      securitySchemes: {
        bearerKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key with the scope `adminRead` or `admin`.',
        },
        headerKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The same.' },
        sessionCookie: {
          type: 'apiKey',
          in: 'cookie',
          name: SESSION_COOKIE,
          description: 'As `POST /session` sets it.',
        },
        csrfToken: {
          type: 'apiKey',
          in: 'header',
          name: CSRF_HEADER,
          description: 'Besides the cookie, with everything that changes something.',
        },
      },
      parameters: { Company: COMPANY },
      responses: RESPONSES,
      schemas: { ...book.schemas(), Problem: PROBLEM },
    },
  };
}

function operation(book: SchemaBook, operationId: string, route: Route): Json {
  const parameters = [
    ...pathParameters(book, route),
    ...queryParameters(book, route),
    ...headers(route),
    ...(route.permission === 'anyone' ? [] : [{ $ref: '#/components/parameters/Company' }]),
  ];
  return {
    operationId,
    tags: [route.tag],
    summary: route.summary,
    description: descriptionOf(route),
    ...securityOf(route),
    ...(parameters.length > 0 && { parameters }),
    ...bodyOf(book, route),
    responses: responsesOf(book, route),
  };
}

const LEAST: Readonly<Record<Route['permission'], string>> = {
  anyone: 'Needs no credential.',
  member: 'For everybody, within what he sees.',
  departmentAdmin: 'For admins of a department, within what they run, and for all above them.',
  companyAdmin: 'For admins of the company.',
  root: 'For root.',
};

function descriptionOf({ description, permission }: Route): string {
  return [description, LEAST[permission]].filter((part) => part !== undefined).join(' ');
}

function securityOf(route: Route): Json {
  if (route.permission === 'anyone') return { security: [] };
  if (!isWrite(route)) return {};
  return { security: [{ bearerKey: [] }, { headerKey: [] }, { sessionCookie: [], csrfToken: [] }] };
}

function pathParameters(book: SchemaBook, { path }: Route): readonly Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) =>
    parameter('path', name, book.input(PATH_PARAMETERS[name as PathParameter]), true),
  );
}

function queryParameters(book: SchemaBook, { query }: Route): readonly Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = book.input(query) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) =>
    parameter('query', name, schema, required.includes(name)),
  );
}

function headers(route: Route): readonly Json[] {
  const text = { type: 'string' };
  const ifMatch = isWrite(route) && route.hasRevision === true && route.creates !== true;
  return [
    ...(route.takesIdempotencyKey === true
      ? [
          parameter(
            'header',
            'Idempotency-Key',
            { ...text, maxLength: 255, description: 'The same again makes nothing more.' },
            false,
          ),
        ]
      : []),
    ...(ifMatch
      ? [
          parameter(
            'header',
            'If-Match',
            { ...text, description: 'The ETag of what is to be changed.' },
            false,
          ),
        ]
      : []),
  ];
}

function parameter(place: string, name: string, { description, ...schema }: Json, required: boolean): Json {
  return { name, in: place, required, ...(description !== undefined && { description }), schema };
}

function bodyOf(book: SchemaBook, { body, textBody }: Route): Json {
  if (body === undefined) return {};
  const content = {
    'application/json': { schema: book.input(body) },
    ...(textBody !== undefined && { [textBody]: { schema: { type: 'string' } } }),
  };
  return { requestBody: { required: true, content } };
}

function responsesOf(book: SchemaBook, route: Route): Json {
  const etag = route.hasRevision === true && {
    headers: { ETag: { description: 'The revision.', schema: { type: 'string' } } },
  };
  const reply = { content: { 'application/json': { schema: book.output(route.reply) } } };
  const statuses = [
    '400',
    ...(route.permission === 'anyone' ? [] : ['401', '403']),
    ...(route.path.includes(':') ? ['404'] : []),
    ...(isWrite(route) ? ['409'] : []),
    ...(isWrite(route) && route.hasRevision === true && route.creates !== true ? ['412'] : []),
    'default',
  ];
  return {
    ...(route.redirects === true
      ? { 303: { description: 'The browser goes on elsewhere.', headers: LOCATION } }
      : { 200: { description: 'Done.', ...etag, ...reply } }),
    ...(route.creates === true && { 201: { description: 'Made.', ...etag, ...reply } }),
    ...Object.fromEntries(
      statuses.map((status) => [status, { $ref: `#/components/responses/${PROBLEMS[status]?.[0]}` }]),
    ),
  };
}

const COMPANY = {
  name: COMPANY_PARAMETER,
  in: 'query',
  required: false,
  description: `The company that the call is about, for root; also as the header ${COMPANY_HEADER}. Left out: one’s own.`,
  schema: { type: 'string' },
};

const LOCATION = { Location: { description: 'Where to.', schema: { type: 'string' } } };

const PROBLEMS: Readonly<Record<string, readonly [name: string, description: string]>> = {
  400: ['Invalid', 'The request is wrong; `field` names where.'],
  401: ['Unauthenticated', 'No credential that is in force.'],
  403: ['Forbidden', 'Known, and not permitted.'],
  404: ['NotFound', 'Not there, or not to be seen.'],
  409: ['Conflict', 'Something that is there forbids it.'],
  412: ['Stale', 'It was changed meanwhile.'],
  default: ['Problem', 'Anything else that went wrong.'],
};

const RESPONSES = Object.fromEntries(
  Object.values(PROBLEMS).map(([name, description]) => [
    name,
    {
      description,
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  ]),
);

const PROBLEM = {
  type: 'object',
  description: 'https://www.rfc-editor.org/rfc/rfc9457',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and what to do.' },
    code: { type: 'string', description: 'For programs.' },
    field: { type: 'string', description: 'The field that is wrong.' },
  },
  required: ['type', 'title', 'status', 'detail', 'code'],
  additionalProperties: true,
};
