import { setTimeout as pause } from 'node:timers/promises';
import { EtcdError } from './client/errors.js';
import type { EtcdClient } from './client/etcd-client.js';
import { abortError, LinkedAbort } from './client/linked-abort.js';
import type { CallOptions, Compare, Logger } from './client/types.js';
import type { Clock } from './clock.js';
import { Election } from './election.js';
import { OwnerKeys, type OwnerOp, parseOwnerValue } from './owner-key.js';
import { Session } from './session.js';
import type { Tenure } from './tenure.js';
import { type WaitOptions, within } from './within.js';

/** Told in turn: become, retire, become … What a listener throws is logged. */
export interface OwnerListener {
  onBecomeOwner?(tenure: Tenure): void;
  onRetireOwner?(): void;
}

export interface OwnerManagerOptions {
  /** Who this node is: its DDL id, a UUID in TiDB. It must not contain `_`, which ends the id in the owner's key. */
  readonly id: string;
  /** The election's prefix; default `/tidb/ddl/fg/owner`. */
  readonly key?: string;
  /** TTL of the session in seconds; default 60. */
  readonly ttlSeconds?: number;
  readonly listener?: OwnerListener;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

export interface CampaignOptions extends WaitOptions {
  /** How often to try to obtain the first session; default 3. */
  readonly attempts?: number | 'unlimited';
}

/** Pause before the next turn of the campaign after one that came to nothing; doubles from the first to the longest. */
const firstPauseMs = 50;
const longestPauseMs = 5000;
/** An ownership that lasted so long was none that came to nothing. */
const soundTenureMs = 5000;
/** What ForceToBeOwner of TiDB waits for the others to notice that they are out. */
const forceWaitMs = 5000;
const forceAttempts = 3;
/**
 * TiDB's owner manager: campaigns for as long as it is not cancelled, tells when it owns and when not, and fences what the owner writes.
 *
 * Keys and values are TiDB's: `<key>/<lease in hex>` holds `<id>`, or `<id>_<op byte>` once an op value was set. Real TiDB servers and these queue up together.
 *
 * Ownership here is a fact that is checked, not a flag: {@link isOwner} looks at the session's deadline at the moment of the call, the owner's key is
 * watched from the revision that confirmed it, and {@link fence} lets etcd refuse whatever comes too late. A lost session is replaced, with growing pauses if that does not last.
 */
export class OwnerManager implements AsyncDisposable {
  readonly id: string;
  readonly key: string;
  readonly #client: EtcdClient;
  readonly #options: OwnerManagerOptions;
  readonly #keys: OwnerKeys;
  readonly #becoming = new Set<(tenure: Tenure) => void>();
  #session: Session | undefined;
  #election: Election | undefined;
  #tenure: Tenure | undefined;
  #campaign: { readonly stop: AbortController; done: Promise<void> } | undefined;
  #closed = false;

  constructor(client: EtcdClient, options: OwnerManagerOptions) {
    const { id, key = '/tidb/ddl/fg/owner' } = options;
    if (id === '' || id.includes('_')) {
      throw new EtcdError(
        'INVALID_ARGUMENT',
        `the id of an owner must be a non-empty text without '_', not ${JSON.stringify(id)}`,
      );
    }
    this.id = id;
    this.key = key;
    this.#client = client;
    this.#options = options;
    this.#keys = new OwnerKeys(client, key);
  }

  /** Whether this node owns now: elected, its key not seen deleted, not retired, and its session certainly held at the moment of the call. */
  get isOwner(): boolean {
    const tenure = this.#tenure;
    return (
      tenure !== undefined && !tenure.signal.aborted && this.#session !== undefined && this.#session.remainingMs() > 0
    );
  }

  /** The session that the campaign stands on; another one after that was lost. */
  get session(): Session | undefined {
    return this.#session;
  }

  /**
   * Opens a session and goes on to campaign in the background; resolves when the session stands. Does nothing if the campaign is under way. `signal` ends
   * only the wait for the session.
   */
  async campaign(options: CampaignOptions = {}): Promise<void> {
    if (this.#closed) throw new EtcdError('CLOSED', `the owner manager of ${this.id} is closed`);
    if (this.#campaign !== undefined) return;
    const stop = new AbortController();
    const starting = this.#stand(stop.signal, options.attempts ?? 3, options.signal);
    const campaign = {
      stop,
      done: starting.then(
        () => {},
        () => {},
      ),
    };
    this.#campaign = campaign;
    try {
      await starting;
    } catch (error) {
      if (this.#campaign === campaign) this.#campaign = undefined;
      throw error;
    }
    campaign.done = this.#run(stop.signal);
  }

  /** Resolves when this node is the owner, at once if it is. */
  async whenOwner(options: WaitOptions = {}): Promise<Tenure> {
    if (this.#tenure !== undefined && this.isOwner) return this.#tenure;
    let become = (_: Tenure) => {};
    const becoming = new Promise<Tenure>((resolve) => {
      become = resolve;
    });
    this.#becoming.add(become);
    try {
      return await within(becoming, options, 'waiting to own');
    } finally {
      this.#becoming.delete(become);
    }
  }

  /** The condition that every write in the owner's name carries among its compares. Throws `NOT_LEADER` when this node is not the owner. */
  fence(): readonly Compare[] {
    if (this.#election === undefined || !this.isOwner) throw notOwner(this.id);
    return this.#election.fence();
  }

  /** Gives ownership up and queues at the end; rejects with `NOT_LEADER` when this node is not the owner. */
  async resign(options: CallOptions = {}): Promise<void> {
    if (this.#election === undefined || !this.isOwner) {
      throw new EtcdError('NOT_LEADER', "This node is not a owner, can't be resigned");
    }
    await this.#election.resign(options);
  }

  /** Stops acting as the owner without telling etcd: nobody owns until the key goes, by resigning elsewhere, cancel() or the TTL. */
  retire(): void {
    if (this.#tenure === undefined) return;
    this.#tenure = undefined;
    this.#options.logger?.info({ id: this.id, key: this.key }, 'retired from ownership');
    this.#tell(() => this.#options.listener?.onRetireOwner?.());
  }

  /**
   * Takes ownership from whoever has it, for bootstrap and upgrade: deletes the keys of all others, puts its own, waits `waitMs` (5,000) for them
   * to notice, and campaigns. Resolves as the owner; rejects with `CONFLICT` when others were faster three times.
   */
  async forceToBeOwner(options: WaitOptions & { readonly waitMs?: number } = {}): Promise<void> {
    const { signal, waitMs = forceWaitMs } = options;
    await this.breakCampaign();
    const session = await this.#stand(new AbortController().signal, 3, signal);
    const callOptions = { ...(signal && { signal }) };
    for (let attempt = 1; !(await this.#keys.supplant(session, this.id, callOptions)); attempt++) {
      if (attempt === forceAttempts) {
        throw new EtcdError(
          'CONFLICT',
          `others stood before ${this.id} after each of ${forceAttempts} tries to own by force`,
        );
      }
    }
    await pause(waitMs, undefined, callOptions).catch(() => undefined);
    if (signal?.aborted) throw abortError(signal);
    await this.campaign(callOptions);
    await this.whenOwner(callOptions);
  }

  /** The id of the owner, as TiDB reads it (3 tries of 2 s); rejects with `NO_LEADER` when there is none. */
  async getOwnerId(options: CallOptions = {}): Promise<string> {
    return parseOwnerValue((await this.#keys.owner(options)).value).id;
  }

  /** What the owner announces; rejects with `NO_LEADER` when there is none. */
  async getOwnerOpValue(options: CallOptions = {}): Promise<OwnerOp> {
    return parseOwnerValue((await this.#keys.owner(options)).value).op;
  }

  /**
   * Announces an op value as the owner; does nothing when it is announced already. Rejects with `NOT_LEADER` when another owns, with `NO_LEADER` when
   * nobody does, and with `CONFLICT` when the key changed meanwhile.
   */
  async setOwnerOpValue(op: OwnerOp, options: CallOptions = {}): Promise<void> {
    await this.#keys.announce(this.id, op, options);
  }

  /** Stops the campaign. A candidate leaves the queue; an owner's key stays until the session ends, so nobody owns meanwhile. */
  async breakCampaign(): Promise<void> {
    const campaign = this.#campaign;
    if (campaign === undefined) return;
    campaign.stop.abort(new EtcdError('ABORTED', `the campaign of ${this.id} was stopped`));
    await campaign.done;
    if (this.#campaign === campaign) this.#campaign = undefined;
  }

  /** Stops the campaign and revokes the session, so that the next candidate owns at once. It may campaign again. */
  async cancel(): Promise<void> {
    await this.breakCampaign();
    const session = this.#session;
    this.#session = undefined;
    this.#election = undefined;
    await session?.[Symbol.asyncDispose]();
  }

  /** As {@link cancel}, for good. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.cancel();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The session to campaign on: the present one while it lasts, else a new one. */
  async #stand(stop: AbortSignal, attempts: number | 'unlimited', wait?: AbortSignal): Promise<Session> {
    if (this.#session !== undefined && !this.#session.signal.aborted) return this.#session;
    const { ttlSeconds = 60, logger, clock } = this.#options;
    const linked = new LinkedAbort(stop, wait);
    try {
      const { signal } = linked;
      const session = await Session.create(this.#client, {
        ttlSeconds,
        attempts,
        signal,
        ...(logger && { logger }),
        ...(clock && { clock }),
      });
      this.#session = session;
      this.#election = new Election(session, this.key);
      return session;
    } finally {
      linked.unlink();
    }
  }

  /** The campaign: one turn after the other until it is stopped. */
  async #run(stop: AbortSignal): Promise<void> {
    let pauseMs = 0;
    while (!stop.aborted) {
      try {
        await this.#stand(stop, 'unlimited');
        if (this.#election === undefined) return;
        const tenure = await this.#election.campaign(this.id, { signal: stop });
        const since = performance.now();
        await this.#own(tenure, stop);
        if (performance.now() - since >= soundTenureMs) pauseMs = 0;
      } catch (error) {
        if (stop.aborted) break;
        this.#options.logger?.warn({ err: error, id: this.id, key: this.key }, 'campaign failed, trying again');
        if (EtcdError.from(error).code === 'CLOSED') break;
      }
      // The first loss costs no pause; losing again and again must not become a hot loop on etcd.
      await pause(pauseMs * (0.5 + Math.random() * 0.5), undefined, { signal: stop }).catch(() => undefined);
      pauseMs = Math.min(Math.max(pauseMs * 2, firstPauseMs), longestPauseMs);
    }
    this.retire();
  }

  /** Owns until the tenure is lost or the campaign is stopped. */
  async #own(tenure: Tenure, stop: AbortSignal): Promise<void> {
    // Reading the signal starts the watch on the owner's key.
    const { signal } = tenure;
    if (signal.aborted) return;
    this.#tenure = tenure;
    this.#options.logger?.info({ id: this.id, key: this.key, createRevision: tenure.createRevision }, 'became owner');
    this.#tell(() => this.#options.listener?.onBecomeOwner?.(tenure));
    for (const become of this.#becoming) become(tenure);
    const linked = new LinkedAbort(signal, stop);
    await new Promise<void>((resolve) => {
      if (linked.signal.aborted) resolve();
      linked.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    linked.unlink();
    this.retire();
  }

  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#options.logger?.error({ err: error, id: this.id }, 'owner listener failed');
    }
  }
}

function notOwner(id: string): EtcdError {
  return new EtcdError('NOT_LEADER', `${id} is not the owner`);
}
