export { BinlogError, type BinlogErrorCode, type BinlogErrorOptions } from './errors.js';
export { MutationBuffer, type MutationBufferOptions, type MutationSavepoint } from './mutations/mutation-buffer.js';
export { decodeChanges, type RowChange } from './mutations/row-change.js';
export type { LocalPumpOptions, PumpsClientOptions, PumpWriteOptions } from './pumps/client-options.js';
export type { PumpTls } from './pumps/connection.js';
export type { PumpState, PumpStatus } from './pumps/pump-status.js';
export { PumpsClient, type PumpsClientStatus, type WriteResult } from './pumps/pumps-client.js';
export { clusterIdOf, defaultRegistryRoot } from './pumps/registry.js';
export type { PumpStrategy } from './pumps/selector.js';
export {
  BinlogReader,
  type BinlogReaderOptions,
  type CommittedDdl,
  type CommittedEvent,
  type CommittedTransaction,
  type TableChange,
} from './reader/binlog-reader.js';
export { type FinishedJob, type SchemaChange, SchemaHistory, type TableAt } from './reader/schema-history.js';
export type { CommitCallOptions, CommitStorage, StorageTransaction } from './two-phase-commit/commit-storage.js';
export type { BinlogWriter } from './two-phase-commit/finish-queue.js';
export { addSpecialComments } from './two-phase-commit/special-comments.js';
export {
  type CommitTransaction,
  type DdlBinlog,
  setDdlBinlog,
  TwoPhaseCommitter,
  type TwoPhaseCommitterOptions,
} from './two-phase-commit/two-phase-committer.js';
