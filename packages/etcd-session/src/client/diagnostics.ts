import { type Channel, channel } from 'node:diagnostics_channel';

/** What is told on the channel `tidb-js:etcd:<name>`. */
export interface EtcdDiagnostics {
  /** A unary call has ended. `code` is missing when it went well. */
  call: {
    readonly service: string;
    readonly method: string;
    readonly endpoint: string;
    readonly durationMs: number;
    /** How often it was sent or tried to be sent. */
    readonly attempts: number;
    readonly code?: string;
  };
  /** The client turns to another member. */
  failover: { readonly from: string; readonly to: string; readonly reason: string };
  /** A stream (watch or keepalive) has ended and will be opened again. */
  disconnect: { readonly stream: string; readonly endpoint: string; readonly reason: string };
  /** A stream stands (again). */
  connect: { readonly stream: string; readonly endpoint: string };
  /** Requests that travelled together as one transaction. */
  coalesce: { readonly requests: number };
  /** A watch whose consumer is slow was parked: its events wait in etcd's history instead of in memory. */
  slowConsumer: { readonly key: string; readonly buffered: number; readonly fromRevision: bigint };
  /** A keepalive was answered: so much of the lease was left when the answer came. */
  leaseMargin: { readonly leaseId: bigint; readonly marginMs: number; readonly ttlSeconds: number };
  /** A session is over. */
  sessionLost: { readonly leaseId: bigint; readonly reason: string };
}

const channels: { readonly [Name in keyof EtcdDiagnostics]: Channel } = {
  call: channel('tidb-js:etcd:call'),
  failover: channel('tidb-js:etcd:failover'),
  disconnect: channel('tidb-js:etcd:disconnect'),
  connect: channel('tidb-js:etcd:connect'),
  coalesce: channel('tidb-js:etcd:coalesce'),
  slowConsumer: channel('tidb-js:etcd:slowConsumer'),
  leaseMargin: channel('tidb-js:etcd:leaseMargin'),
  sessionLost: channel('tidb-js:etcd:sessionLost'),
};

/** Whether anybody listens: what is costly to find out is only found out then. */
export function observed(name: keyof EtcdDiagnostics): boolean {
  return channels[name].hasSubscribers;
}

/** Tells the listeners of a channel, if there are any. */
export function publish<Name extends keyof EtcdDiagnostics>(name: Name, message: EtcdDiagnostics[Name]): void {
  if (channels[name].hasSubscribers) channels[name].publish(message);
}
