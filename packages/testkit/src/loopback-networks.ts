/** What tests let a gateway call: the scripted provider, and nobody else on this machine's networks. */
export const LOOPBACK_NETWORKS: readonly string[] = ['127.0.0.1', '::1'];
