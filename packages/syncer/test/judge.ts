import type { EtcdClient, WatchEvent } from '@tidb-js/etcd-session';
import { tidbKeys } from '../src/schema-keys.js';
import type { SyncProtocol } from '../src/syncer-options.js';
import { parseVersion } from '../src/version.js';
import type { FleetEvent } from './fleet-processes.js';
import { rollOf } from './roll.js';

/** Everything that etcd did under the fleet's keys and the judge's, revision by revision. */
export async function history(client: EtcdClient): Promise<readonly WatchEvent[]> {
  const { revision } = await client.put('/judge/end', '');
  const events: WatchEvent[] = [];
  for await (const batch of client.watch({ prefix: '/' }, { startRevision: 1n })) {
    events.push(...batch.events);
    if (batch.revision >= revision) break;
  }
  return events;
}

/**
 * Judges the owners by what etcd did: between the raise of a version and the record that it was passed there must be a revision at which no
 * registered node was behind; and the global version only rose, one at a time, after the version before was passed.
 */
export function judgeHistory(
  events: readonly WatchEvent[],
  protocol: SyncProtocol,
): { readonly passed: number; readonly problems: string[] } {
  const problems: string[] = [];
  const roll = rollOf(protocol);
  let global = -1n;
  let cleanAtGlobal = true;
  let passed = 0;
  for (const { type, kv } of events) {
    const key = kv.key.toString();
    const text = type === 'put' ? kv.value.toString() : undefined;
    const version = text === undefined ? undefined : parseVersion(text);
    roll.take(key, text);
    if (key === tidbKeys.globalVersion) {
      if (version === undefined || version < global)
        problems.push(`revision ${kv.modRevision}: the global version went from ${global} to ${version}`);
      else if (version > global + 1n && global >= 0n)
        problems.push(`revision ${kv.modRevision}: the global version jumped from ${global} to ${version}`);
      else if (version > global && !cleanAtGlobal)
        problems.push(`revision ${kv.modRevision}: ${version} was raised while nobody can have seen ${global} passed`);
      if (version !== undefined && version > global) cleanAtGlobal = false;
      global = version ?? global;
    } else if (key.startsWith('/judge/passed/')) {
      passed += 1;
      if (key !== `/judge/passed/${global}`)
        problems.push(`revision ${kv.modRevision}: ${key} at global version ${global}`);
      else if (!cleanAtGlobal)
        problems.push(`revision ${kv.modRevision}: ${key}, yet a registered node was behind all the time`);
    }
    cleanAtGlobal ||= roll.allHave(global);
  }
  return { passed, problems };
}

/** Judges the members by the clock: once an owner has told that all have a version, nobody uses an older one. */
export function judgeUses(events: readonly FleetEvent[]): { readonly uses: number; readonly problems: string[] } {
  const problems: string[] = [];
  let uses = 0;
  let passed = -1n;
  for (const { at, what, id, version = -1n } of [...events].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))) {
    if (what === 'passed' && version > passed) passed = version;
    if (what !== 'use') continue;
    uses += 1;
    if (version < passed) problems.push(`${at}: ${id} used ${version} after ${passed} had been passed`);
    if (version > passed + 1n) problems.push(`${at}: ${id} used ${version} while ${passed} was the last passed`);
  }
  return { uses, problems };
}
