// The edge as a process of its own: every port is another process, reached over gRPC.

import {
  AuditLogDefinition,
  AuthDefinition,
  QuotaLedgerDefinition,
  RouterDefinition,
} from '@ai-switch/contracts';
import { connect, runService } from '@ai-switch/rpc';
import { createLogger } from '@ai-switch/telemetry';
import { settings } from './config.ts';
import { createEdge } from './edge.ts';
import { closeServer, createEdgeServer, listen } from './server.ts';

await runService({
  name: 'edge-gateway',
  describe: 'answers clients in their own dialects and calls the providers.',
  settings,
  start: async (values, lifetime) => {
    const ports = {
      auth: connect(AuthDefinition, values.AISWITCH_AUTH_ADDRESS),
      quotaLedger: connect(QuotaLedgerDefinition, values.AISWITCH_LEDGER_ADDRESS),
      router: connect(RouterDefinition, values.AISWITCH_ROUTER_ADDRESS),
      auditLog: connect(AuditLogDefinition, values.AISWITCH_AUDIT_ADDRESS),
    };
    for (const [name, port] of Object.entries(ports)) lifetime.onClose(name, () => port.close());
    const logger = createLogger({ service: 'edge-gateway', level: values.AISWITCH_EDGE_LOG_LEVEL });
    const edge = createEdge({ ports, logger, settings: { drainMs: values.AISWITCH_EDGE_DRAIN_MS } });
    const server = createEdgeServer(edge);
    // Closed in reverse: the edge refuses and drains while the server still answers.
    lifetime.onClose('server', () => closeServer(server));
    lifetime.onClose('edge', () => edge.close());
    const port = await listen(server, values.AISWITCH_EDGE_LISTEN);
    return { ready: `edge-gateway listens on port ${port}` };
  },
});
