import type { EtcdClient, Logger } from '@tidb-js/etcd-session';
import type { BarrierTarget } from './barrier.js';
import type { BarrierMember } from './barrier-state.js';
import type { BarrierSource } from './barrier-wait.js';
import { KeyView, type ViewedKey } from './key-view.js';
import { type AnnouncedServer, metadataLockMembers } from './metadata-lock.js';
import type { RetryPolicy } from './retry.js';
import type { SchemaKeys } from './schema-keys.js';
import { parseServerInfo } from './server-info.js';

/** What an owner looks at in etcd. */
export interface BarrierView extends BarrierSource {
  /** Lets go of the watches. */
  release(): void;
}

/** Every key under `<selfVersions>/` is a node: its id, and its version. A key that only begins with the same text is somebody else's. */
export function selfVersionsView(client: EtcdClient, keys: SchemaKeys, policy: RetryPolicy): BarrierView {
  const prefix = `${keys.selfVersions}/`;
  const view = KeyView.of(client, { prefix }, policy);
  function* members(): Generator<BarrierMember> {
    for (const [key, { text, createRevision }] of view.keys) {
      if (key.length > prefix.length) yield { id: key.slice(prefix.length), value: text, registration: createRevision };
    }
  }
  return barrierView([view], members);
}

/** The servers under `<serverInfo>/`, each with what it has written under `<jobVersions>/<job>/`. */
export function jobVersionsView(
  client: EtcdClient,
  keys: SchemaKeys,
  { jobId }: BarrierTarget,
  assumedServers: boolean,
  policy: RetryPolicy,
): BarrierView {
  const infoPrefix = `${keys.serverInfo}/`;
  const jobPrefix = `${keys.jobVersions}/${jobId}/`;
  const infos = KeyView.of(client, { prefix: infoPrefix }, policy);
  const reports = KeyView.of(client, { prefix: `${keys.jobVersions}/` }, policy);
  const servers = new ServerReader(infoPrefix, policy.logger);
  const members = () => {
    const reported = reports.keys;
    const reportOf = (id: string) => {
      const report = reported.get(jobPrefix + id);
      return report && { value: report.text, registration: report.createRevision };
    };
    return metadataLockMembers(servers.read(infos.keys), reportOf, assumedServers);
  };
  return barrierView([infos, reports], members);
}

function barrierView(views: readonly KeyView[], members: () => Iterable<BarrierMember>): BarrierView {
  const releases = views.map((view) => view.retain());
  return {
    members,
    confirm: (deadline) => KeyView.catchUp(views, deadline, 'Reading the versions'),
    subscribe(changed) {
      const stops = views.map((view) => view.subscribe(changed));
      return () => {
        for (const stop of stops) stop();
      };
    },
    release() {
      for (const release of releases) release();
    },
  };
}

/** Reads server infos, each text once. */
class ServerReader {
  readonly #prefix: string;
  readonly #logger: Logger | undefined;
  #read = new Map<string, { readonly modRevision: bigint; readonly server: AnnouncedServer }>();

  constructor(prefix: string, logger: Logger | undefined) {
    this.#prefix = prefix;
    this.#logger = logger;
  }

  read(keys: ReadonlyMap<string, ViewedKey>): AnnouncedServer[] {
    const before = this.#read;
    this.#read = new Map();
    for (const [key, { text, modRevision }] of keys) {
      const id = key.slice(this.#prefix.length);
      if (id === '' || id.includes('/')) continue;
      const known = before.get(key);
      this.#read.set(
        key,
        known?.modRevision === modRevision ? known : { modRevision, server: { id, info: this.#parse(key, text) } },
      );
    }
    return [...this.#read.values()].map(({ server }) => server);
  }

  #parse(key: string, text: string) {
    const info = parseServerInfo(text);
    if (info === undefined)
      this.#logger?.warn({ key, text }, 'this server info cannot be read; its server counts by its id');
    return info;
  }
}
