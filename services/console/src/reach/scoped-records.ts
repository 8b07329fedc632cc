import type {
  AccessFilter,
  AuditLog,
  EventFilter,
  ListAccessResponse,
  ListEventsResponse,
  Page,
  Scope,
  SumUsageRequest,
  SumUsageResponse,
} from '@ai-switch/contracts';
import type { Seen, UserName } from './in-scope.ts';

/** The audit log, asked within what the caller may see. */
export class ScopedRecords {
  readonly #auditLog: AuditLog;
  readonly #scope: Scope;

  constructor(auditLog: AuditLog, scope: Scope) {
    this.#auditLog = auditLog;
    this.#scope = scope;
  }

  /** @param user undefined: everybody in scope */
  access(user: (UserName & Seen) | undefined, filter: AccessFilter, page: Page): Promise<ListAccessResponse> {
    return this.#auditLog.listAccess({ scope: this.#scope, userId: user?.userId ?? '', filter, page });
  }

  events(filter: EventFilter, page: Page): Promise<ListEventsResponse> {
    return this.#auditLog.listEvents({ scope: this.#scope, filter, page });
  }

  usage(request: Omit<SumUsageRequest, 'scope'>): Promise<SumUsageResponse> {
    return this.#auditLog.sumUsage({ ...request, scope: this.#scope });
  }
}
