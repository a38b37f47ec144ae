export type { BarrierProgress, BarrierTarget, BehindNode } from './barrier.js';
export type { BarrierOptions, RaiseOptions, SchemaSyncer, SyncOptions, VersionReport } from './schema-syncer.js';
export type { ServerInfo } from './server-info.js';
export { SyncerError, type SyncerErrorCode, type SyncerErrorDetails } from './syncer-error.js';
