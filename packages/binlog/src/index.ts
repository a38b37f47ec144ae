export { BinlogError, type BinlogErrorCode, type BinlogErrorOptions } from './errors.js';
export { MutationBuffer, type MutationBufferOptions, type MutationSavepoint } from './mutations/mutation-buffer.js';
export { decodeChanges, type RowChange } from './mutations/row-change.js';
export type { LocalPumpOptions, PumpsClientOptions, PumpWriteOptions } from './pumps/client-options.js';
export type { PumpTls } from './pumps/connection.js';
export type { PumpState, PumpStatus } from './pumps/pump-status.js';
export { PumpsClient, type PumpsClientStatus, type WriteResult } from './pumps/pumps-client.js';
export { clusterIdOf, defaultRegistryRoot } from './pumps/registry.js';
export type { PumpStrategy } from './pumps/selector.js';
