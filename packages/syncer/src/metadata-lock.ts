import type { BarrierMember } from './barrier-state.js';
import { addressOf, type ServerInfo } from './server-info.js';

/** A server that has announced itself; `info` is `undefined` when its text is no server info. */
export interface AnnouncedServer {
  readonly id: string;
  readonly info: ServerInfo | undefined;
}

/** What a server has reported for the job, and the registration it did so under. */
export type ReportOf = (id: string) => { readonly value: string; readonly registration: bigint } | undefined;

/**
 * Whom the metadata-lock protocol waits for: every server. Two ids at one address are one server that was restarted, so that the later
 * start counts. A server whose info cannot be read counts by its id alone.
 *
 * @param assumedServers whether servers of other keyspaces that announce `assumed_keyspace` count
 */
export function metadataLockMembers(
  servers: Iterable<AnnouncedServer>,
  reportOf: ReportOf,
  assumedServers: boolean,
): BarrierMember[] {
  const byAddress = new Map<string, AnnouncedServer>();
  for (const server of servers) {
    if (isAssumed(server) && !assumedServers) continue;
    const address = (server.info && addressOf(server.info)) ?? `id ${server.id}`;
    const rival = byAddress.get(address);
    if (rival === undefined || startOf(server) > startOf(rival)) byAddress.set(address, server);
  }
  return [...byAddress.values()].map((server) => {
    const report = reportOf(server.id);
    return {
      id: server.id,
      value: report?.value,
      registration: report?.registration ?? 0n,
      address: server.info && addressOf(server.info),
      assumed: isAssumed(server),
    };
  });
}

function isAssumed({ info }: AnnouncedServer): boolean {
  return typeof info?.assumed_keyspace === 'string' && info.assumed_keyspace !== '';
}

function startOf({ info }: AnnouncedServer): number {
  return info?.start_timestamp ?? 0;
}
