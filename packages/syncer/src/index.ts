export type { BarrierProgress, BarrierTarget, BehindNode } from './barrier.js';
export type { VersionComparison } from './barrier-state.js';
export { MemorySchemaSyncer } from './memory.js';
export { MemoryFleet } from './memory-fleet.js';
export { type SchemaKeys, tidbKeys } from './schema-keys.js';
export type { BarrierOptions, RaiseOptions, SchemaSyncer, SyncOptions, VersionReport } from './schema-syncer.js';
export { formatServerInfo, parseServerInfo, type ServerInfo } from './server-info.js';
export { SyncerError, type SyncerErrorCode, type SyncerErrorDetails } from './syncer-error.js';
export type { NodeOptions, SyncProtocol } from './syncer-options.js';
