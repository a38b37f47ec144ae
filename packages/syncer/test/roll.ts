import { tidbKeys } from '../src/schema-keys.js';
import type { SyncProtocol } from '../src/syncer-options.js';
import { parseVersion } from '../src/version.js';
import { jobOf } from './job-of.js';

/** Who counts and what each has reported, put together by a judge from the history of keys. */
export interface Roll {
  /** Takes in a key that was written, or deleted. */
  take(key: string, text: string | undefined): void;
  /** Whether everybody who counts has the version. */
  allHave(version: bigint): boolean;
}

/** The roll of a protocol. */
export function rollOf(protocol: SyncProtocol): Roll {
  return protocol === 'version-keys' ? new VersionKeysRoll() : new MetadataLockRoll();
}

class VersionKeysRoll implements Roll {
  readonly #versions = new Map<string, bigint>();

  take(key: string, text: string | undefined): void {
    if (!key.startsWith(`${tidbKeys.selfVersions}/`)) return;
    const version = text === undefined ? undefined : parseVersion(text);
    if (version === undefined) this.#versions.delete(key);
    else this.#versions.set(key, version);
  }

  allHave(version: bigint): boolean {
    return [...this.#versions.values()].every((each) => each >= version);
  }
}

class MetadataLockRoll implements Roll {
  readonly #servers = new Map<string, { readonly address: string; readonly start: number }>();
  readonly #reports = new Map<string, bigint>();

  take(key: string, text: string | undefined): void {
    if (key.startsWith(`${tidbKeys.serverInfo}/`)) {
      const id = key.slice(tidbKeys.serverInfo.length + 1);
      if (text === undefined) return void this.#servers.delete(id);
      const { ip, listening_port, start_timestamp } = JSON.parse(text);
      this.#servers.set(id, { address: `${ip}:${listening_port}`, start: start_timestamp });
    } else if (key.startsWith(`${tidbKeys.jobVersions}/`)) {
      const report = key.slice(tidbKeys.jobVersions.length + 1);
      const version = text === undefined ? undefined : parseVersion(text);
      if (version === undefined) this.#reports.delete(report);
      else this.#reports.set(report, version);
    }
  }

  allHave(version: bigint): boolean {
    const servers = [...this.#servers];
    return servers
      .filter(
        ([, { address, start }]) => !servers.some(([, other]) => other.address === address && other.start > start),
      )
      .every(([id]) => (this.#reports.get(`${jobOf(version)}/${id}`) ?? -1n) >= version);
  }
}
