import type { Handlers } from '../handler.ts';
import { openApiDocument } from '../openapi/document.ts';
import type { documentRoutes } from '../routes/document-routes.ts';

export const document: Handlers<typeof documentRoutes> = {
  getDocument: async () => ({ body: openApiDocument() }),
};
