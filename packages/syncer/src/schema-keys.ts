import { SyncerError } from './syncer-error.js';
import { parseVersion } from './version.js';

/** Where a fleet keeps its versions in etcd. None of the four ends with a slash, and none lies inside another. */
export interface SchemaKeys {
  /** Every node's version, at `<selfVersions>/<id>`. */
  readonly selfVersions: string;
  /** The version that everybody shall have. */
  readonly globalVersion: string;
  /** Metadata lock: what nodes report for a job, at `<jobVersions>/<job id>/<id>`. */
  readonly jobVersions: string;
  /** The servers, at `<serverInfo>/<id>`. */
  readonly serverInfo: string;
}

/** The keys of TiDB. */
export const tidbKeys: SchemaKeys = {
  selfVersions: '/tidb/ddl/all_schema_versions',
  globalVersion: '/tidb/ddl/global_schema_version',
  jobVersions: '/tidb/ddl/all_schema_by_job_versions',
  serverInfo: '/tidb/server/info',
};

/** Fills `keys` up with TiDB's, and refuses a layout in which one would be counted as part of another. */
export function schemaKeys(keys: Partial<SchemaKeys> = {}): SchemaKeys {
  const all = { ...tidbKeys, ...keys };
  const entries = Object.entries(all);
  for (const [name, key] of entries) {
    if (typeof key !== 'string' || key === '' || key.endsWith('/')) {
      throw new SyncerError(
        'INVALID_ARGUMENT',
        `keys.${name} is ${JSON.stringify(key)}; it must be text that does not end with "/"`,
      );
    }
    for (const [other, within] of entries) {
      if (other !== name && `${key}/`.startsWith(`${within}/`)) {
        throw new SyncerError(
          'INVALID_ARGUMENT',
          `keys.${name} (${key}) lies inside keys.${other} (${within}); give each a place of its own`,
        );
      }
    }
  }
  return all;
}

/** Refuses an id that could not be the last part of a key. */
export function checkId(id: unknown): string {
  if (typeof id === 'string' && /^[^/\s\p{Cc}]{1,255}$/u.test(id)) return id;
  throw new SyncerError(
    'INVALID_ARGUMENT',
    `id is ${JSON.stringify(id) ?? String(id)}; it must be 1 to 255 characters without "/", blanks and control characters (TiDB uses a UUID)`,
  );
}

/** The two parts of `<job id>/<id>`; `undefined` for a key of any other shape, which belongs to somebody else. */
export function parseJobKey(rest: string): { readonly jobId: bigint; readonly id: string } | undefined {
  const [job, id, ...more] = rest.split('/');
  if (job === undefined || !id || more.length > 0) return undefined;
  const jobId = parseVersion(job);
  return jobId === undefined ? undefined : { jobId, id };
}
