import type { EdgePorts } from '@ai-switch/contracts';
import type { EventLog } from '@ai-switch/event-log';
import type { ClientAddressOf, WrongKeys } from '@ai-switch/guard';
import type { Clock } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import type { Upstream } from '@ai-switch/upstream';
import type { EdgeSettings } from './config.ts';
import type { Detours } from './detours.ts';
import type { Exchange } from './exchange.ts';
import type { Holds } from './holds/holds.ts';
import type { KeptAnswers } from './idempotency.ts';
import type { CleanTexts } from './intercept/clean-texts.ts';
import type { InterceptionLog } from './intercept/interception-log.ts';
import type { RuleCache } from './intercept/rule-cache.ts';
import type { ItemMemory } from './item-store.ts';
import type { RateLimiter } from './limit/rate-limiter.ts';
import type { OutputStatistics } from './output-statistics.ts';
import type { OutputTallies } from './output-tally.ts';
import type { ReasoningStore } from './reasoning-store.ts';
import type { ChangeWatch } from './remembered/change-watch.ts';
import type { Policies } from './remembered/policies.ts';
import type { RememberedRoutes } from './remembered/routes.ts';
import type { RetryBudget } from './retry-rules.ts';
import type { Roster } from './roster.ts';
import type { Ticker } from './ticker.ts';
import type { TokenCounter } from './token-counter.ts';

/** What the stages of the walk share. */
export interface EdgeParts {
  readonly ports: EdgePorts;
  readonly logger: Logger;
  readonly settings: EdgeSettings;
  readonly clock: Clock;
  readonly clientAddressOf: ClientAddressOf;
  readonly wrongKeys: WrongKeys;
  readonly rateLimiter: RateLimiter;
  readonly upstream: Upstream;
  readonly ticker: Ticker;
  readonly holds: Holds;
  readonly policies: Policies;
  readonly routes: RememberedRoutes;
  readonly watches: readonly ChangeWatch[];
  readonly answers: KeptAnswers;
  readonly retryBudget: RetryBudget;
  readonly eventLog: EventLog;
  readonly rules: RuleCache;
  readonly cleanTexts: CleanTexts;
  readonly interceptionLog: InterceptionLog;
  readonly reasoning: ReasoningStore;
  readonly items: ItemMemory;
  readonly detours: Detours;
  readonly tokenCounter: TokenCounter;
  readonly tallies: OutputTallies;
  readonly outputStatistics: OutputStatistics;
  readonly exchanges: Roster<Exchange>;
  isClosing: boolean;
  /** @throws Fault `unavailable` once the edge is closing, and while what happens cannot be recorded */
  admit(): void;
}
