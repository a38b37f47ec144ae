import type { CallOptions, Compare, Logger } from './client/types.js';
import type { Clock } from './clock.js';
import type { Tenure } from './queue.js';

/** Told in this order: become, retire, become … What a listener throws is logged. */
export interface OwnerListener {
  onBecomeOwner?(tenure: Tenure): void;
  onRetireOwner?(): void;
}

/** What the owner announces beside its id: 0 nothing, 1 the cluster is being upgraded. */
export type OwnerOp = number;

export interface OwnerManagerOptions {
  /** Who this node is: the DDL id, a UUID in TiDB. */
  readonly id: string;
  /** The election's prefix; default `/tidb/ddl/fg/owner`. */
  readonly key?: string;
  /** Seconds; default 60, as TiDB's ManagerSessionTTL. */
  readonly ttlSeconds?: number;
  readonly listener?: OwnerListener;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** TiDB's owner manager: keeps campaigning for as long as it is not cancelled, tells when it owns and when not, and fences what the owner writes. */
export declare class OwnerManager implements AsyncDisposable {
  constructor(client: unknown, options: OwnerManagerOptions);
  readonly id: string;
  readonly key: string;
  /** Whether this node is certainly the owner as far as it can know: elected, its key not seen deleted, its session held at this moment. */
  readonly isOwner: boolean;
  /** Opens a session and starts to campaign in the background; resolves as soon as the session stands. */
  campaign(options?: {
    readonly attempts?: number | 'unlimited';
    readonly ttlSeconds?: number;
    readonly signal?: AbortSignal;
  }): Promise<void>;
  /** Resolves when this node is the owner. */
  whenOwner(options?: { readonly signal?: AbortSignal }): Promise<Tenure>;
  /** The condition that every write in the owner's name carries. `NOT_LEADER` when this node is not the owner. */
  fence(): readonly Compare[];
  /** Gives ownership up and queues at the end. `NOT_LEADER` when this node is not the owner. */
  resign(options?: CallOptions): Promise<void>;
  /** Stops acting as owner here, without telling etcd: nobody owns until the key goes. */
  retire(): void;
  /** Takes ownership from whoever has it (bootstrap, upgrade). */
  forceToBeOwner(options?: { readonly waitMs?: number; readonly signal?: AbortSignal }): Promise<void>;
  /** The owner's id; `NO_LEADER` when there is none. */
  getOwnerId(options?: CallOptions): Promise<string>;
  getOwnerOpValue(options?: CallOptions): Promise<OwnerOp>;
  setOwnerOpValue(op: OwnerOp, options?: CallOptions): Promise<void>;
  /** Stops the campaign and keeps session and key. */
  breakCampaign(): Promise<void>;
  /** Stops the campaign and revokes the session, so that the next candidate owns at once. May campaign again. */
  cancel(): Promise<void>;
  /** As cancel(), for good. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
