import { randomInt } from 'node:crypto';
import { compare, type EtcdClient, type Logger, op } from '@tidb-js/etcd-session';
import { StorageError } from '../errors.js';
import type { Layout } from '../etcd/layout.js';
import type { StoreCallOptions } from '../types.js';
import { SLOTS } from './anchor.js';

/** How long a slot of a dead process stays taken, in seconds. */
const TTL_SECONDS = 10;

interface SlotOptions {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly logger?: Logger | undefined;
}

/** A slot as it was taken: a key on a lease. */
export interface HeldSlot {
  readonly number: number;
  readonly key: Buffer;
  /** The create revision of the key: while the key has it, the slot is ours. */
  readonly revision: bigint;
  readonly lease: KeptLease;
}

/**
 * A process's share of the timestamps: one of {@link SLOTS} keys, on a lease. Whether it is still ours is asked in the same
 * transaction that reads the revision, so a process that was asleep for too long gets nothing out of a slot that was given away.
 */
export class Slot {
  private held: Promise<HeldSlot>;
  private closed = false;

  private constructor(
    private readonly options: SlotOptions,
    first: HeldSlot,
  ) {
    this.held = Promise.resolve(first);
  }

  static async take(options: SlotOptions, call: StoreCallOptions): Promise<Slot> {
    return new Slot(options, await takeSlot(options, call.signal));
  }

  hold(): Promise<HeldSlot> {
    return this.held;
  }

  /** This slot was found to be no longer ours: take another one, once. */
  lost(slot: HeldSlot): void {
    this.held = this.held.then(async (current) => {
      if (current !== slot || this.closed) return current;
      this.options.logger?.warn({ slot: slot.number }, 'the timestamp slot was lost, taking another');
      await slot.lease.end();
      return takeSlot(this.options, undefined);
    });
    const attempt = this.held;
    attempt.catch(() => {
      // The next call tries again instead of failing for ever.
      if (this.held === attempt) this.held = Promise.resolve(slot);
    });
  }

  async release(): Promise<void> {
    this.closed = true;
    const slot = await this.held.catch(() => undefined);
    await slot?.lease.end();
  }
}

async function takeSlot({ client, layout, logger }: SlotOptions, signal: AbortSignal | undefined): Promise<HeldSlot> {
  const call = signal === undefined ? {} : { signal };
  const { id } = await client.leaseGrant(TTL_SECONDS, call);
  const lease = new KeptLease(client, id, logger);
  const start = randomInt(SLOTS - 1);
  for (let i = 0; i < SLOTS - 1; i++) {
    const number = 1 + ((start + i) % (SLOTS - 1));
    const key = layout.slot(number);
    const answer = await client.txn(
      {
        compare: [compare.create(key, '=', 0n)],
        success: [op.put(key, '', { lease: id })],
      },
      call,
    );
    if (answer.succeeded) return { number, key, revision: answer.revision, lease };
  }
  await lease.end();
  throw new StorageError(
    'UNAVAILABLE',
    `all ${SLOTS - 1} timestamp slots are in use; stop some of the nodes, or wait ${TTL_SECONDS} s for those of dead ones to expire`,
  );
}

/**
 * A lease that is kept alive as well as it goes. Whether it still lives is never believed here: each use of the slot asks etcd, so
 * this needs none of a session's deadlines.
 */
class KeptLease {
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly client: EtcdClient,
    private readonly id: bigint,
    logger: Logger | undefined,
  ) {
    this.timer = setInterval(
      () => {
        client.leaseKeepAliveOnce(id).catch((error: unknown) => {
          logger?.debug({ err: error }, 'the lease of the timestamp slot was not renewed');
        });
      },
      (TTL_SECONDS * 1_000) / 3,
    ).unref();
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    // A revoke that fails only leaves the slot taken until the lease has run out.
    await this.client.leaseRevoke(this.id).catch(() => undefined);
  }
}
