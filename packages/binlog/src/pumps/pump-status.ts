import { Json } from '../codec/json.js';
import { BinlogError } from '../errors.js';

/** The states of a pump. Only `online` takes Prewrites. */
export type PumpState = 'online' | 'pausing' | 'paused' | 'closing' | 'offline';

/** A pump as the registry (or a list of addresses) knows it. */
export interface PumpStatus {
  readonly nodeId: string;
  /** `host:port`, or `unix:/path`. */
  readonly host: string;
  readonly state: PumpState;
  /** The watermark it last reported; 0n when unknown. */
  readonly maxCommitTs: bigint;
  /** The oracle's time of that report; 0n when unknown. */
  readonly updateTs: bigint;
}

const states: ReadonlySet<string> = new Set<PumpState>(['online', 'pausing', 'paused', 'closing', 'offline']);

/**
 * Reads a registry entry.
 *
 * @throws BinlogError `MALFORMED` for a value that is no entry.
 */
export function parsePumpStatus(value: Uint8Array): PumpStatus {
  const text = Buffer.from(value).toString();
  // Timestamps pass 2^53, which JSON.parse would round.
  const entry = (() => {
    try {
      return Json.parse(text).toValue({ numbers: 'exact' });
    } catch (error) {
      throw new BinlogError('MALFORMED', `a pump's registry entry is no JSON: ${text.slice(0, 200)}`, { cause: error });
    }
  })();
  const fields = (typeof entry === 'object' && entry !== null ? entry : {}) as Readonly<Record<string, unknown>>;
  const { nodeId, host, state, maxCommitTS, updateTS } = fields;
  if (typeof nodeId !== 'string' || typeof host !== 'string' || typeof state !== 'string' || !states.has(state)) {
    throw new BinlogError(
      'MALFORMED',
      `a pump's registry entry needs nodeId, host and a known state: ${text.slice(0, 200)}`,
    );
  }
  const timestamp = (field: unknown) => (typeof field === 'bigint' ? field : 0n);
  return {
    nodeId,
    host,
    state: state as PumpState,
    maxCommitTs: timestamp(maxCommitTS),
    updateTs: timestamp(updateTS),
  };
}
