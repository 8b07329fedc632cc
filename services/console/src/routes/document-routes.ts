import { z } from 'zod';
import type { Route } from './route.ts';

export const documentRoutes = {
  getDocument: {
    method: 'get',
    path: '/openapi.json',
    tag: 'document',
    summary: 'Read this document',
    permission: 'anyone',
    reply: z.record(z.string(), z.unknown()),
  },
} as const satisfies Record<string, Route>;
