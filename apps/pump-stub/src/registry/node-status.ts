import type { PumpState } from '../pump-options.js';

/** A Pump's or Drainer's entry in etcd. */
export interface NodeStatus {
  readonly nodeId: string;
  /** `host:port`. */
  readonly host: string;
  readonly state: PumpState;
  readonly maxCommitTs: bigint;
  readonly updateTs: bigint;
}

/** The entry as Go programs write it: this order of keys, and timestamps as plain numbers, which pass 2^53. */
export function encodeNodeStatus(status: NodeStatus): string {
  const nodeId = JSON.stringify(status.nodeId);
  const host = JSON.stringify(status.host);
  return (
    `{"nodeId":${nodeId},"host":${host},"state":"${status.state}","isAlive":false,"score":0,"label":null,` +
    `"maxCommitTS":${status.maxCommitTs},"updateTS":${status.updateTs}}`
  );
}

/** @returns undefined when the text is no entry. */
export function decodeNodeStatus(text: string): NodeStatus | undefined {
  let value: unknown;
  try {
    // Timestamps stay exact as text.
    value = JSON.parse(text.replace(/"(maxCommitTS|updateTS)"\s*:\s*(-?\d+)/g, '"$1":"$2"'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { nodeId, host, state, maxCommitTS, updateTS } = value as Record<string, unknown>;
  if (typeof nodeId !== 'string' || typeof host !== 'string' || !isState(state)) return undefined;
  return { nodeId, host, state, maxCommitTs: toTs(maxCommitTS), updateTs: toTs(updateTS) };
}

function isState(value: unknown): value is PumpState {
  return value === 'online' || value === 'pausing' || value === 'paused' || value === 'closing' || value === 'offline';
}

function toTs(value: unknown): bigint {
  return typeof value === 'string' ? BigInt(value) : 0n;
}
