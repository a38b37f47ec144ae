export { type Action, defineAction, type Edge, type Involved, type StepContext } from './actions/action.js';
export { addColumn } from './actions/add-column.js';
export { addIndex, addPrimaryKey } from './actions/add-index.js';
export { Arguments } from './actions/arguments.js';
export { builtinActions } from './actions/builtin.js';
export { createSchema } from './actions/create-schema.js';
export { createTable, createTableLike } from './actions/create-table.js';
export { createView } from './actions/create-view.js';
export { dropColumn } from './actions/drop-column.js';
export { dropIndex, dropPrimaryKey } from './actions/drop-index.js';
export { dropSchema } from './actions/drop-schema.js';
export { dropTable, dropView } from './actions/drop-table.js';
export { addForeignKey, dropForeignKey } from './actions/foreign-key.js';
export { alterIndexVisibility, renameIndex } from './actions/index-properties.js';
export type { JobSpec, TableTarget } from './actions/job-spec.js';
export { modifyColumn, renameColumn } from './actions/modify-column.js';
export { modifySchemaCharset } from './actions/modify-schema-charset.js';
export { multiSchemaChange } from './actions/multi-schema-change.js';
export { renameTable, renameTables } from './actions/rename-table.js';
export { setDefaultValue } from './actions/set-default-value.js';
export { stateTable } from './actions/state-table.js';
export { modifyTableCharset, modifyTableComment, rebaseAutoId } from './actions/table-properties.js';
export { truncateTable } from './actions/truncate-table.js';
export type { DdlBinlog, DdlBinlogSink, DdlBinlogTime } from './binlog.js';
export { DdlError, type DdlErrorCode } from './errors.js';
export { type DdlEvent, ddlChannelName } from './events.js';
export { type JobNews, jobsIn } from './job-news.js';
export { type AdminResult, DdlJobs, type DdlJobsOptions, type WaitOptions } from './jobs.js';
export { EtcdMetaStorage, type EtcdMetaStorageOptions } from './meta/etcd-meta-storage.js';
export { MemoryMetaStorage } from './meta/memory-meta-storage.js';
export { keysOfTable, Meta } from './meta/meta.js';
export type { MetaAccess } from './meta/meta-buffer.js';
export type {
  MetaChange,
  MetaCommitOptions,
  MetaCommitResult,
  MetaPair,
  MetaRange,
  MetaScanOptions,
  MetaStorage,
  MetaTransaction,
} from './meta/storage.js';
export { metaRange } from './meta/structure.js';
export { ClockTimestamps, type Timestamps } from './meta/timestamps.js';
export { ActionType, actionTypeName, firstCustomActionType } from './model/action-type.js';
export { decodeDBInfo, decodeJob, decodeSchemaDiff, decodeTableInfo, encodeJob } from './model/codec.js';
export {
  type ChangeStateInfo,
  ColumnFlag,
  type ColumnInfo,
  type ColumnPosition,
  type FieldType,
  newColumnInfo,
} from './model/column-info.js';
export { type DBInfo, newDBInfo } from './model/db-info.js';
export type { ErrorObject } from './model/error-object.js';
export { type ForeignKeyInfo, ReferenceOption } from './model/foreign-key.js';
export { type IndexColumn, type IndexInfo, newIndexInfo } from './model/index-info.js';
export {
  describeJob,
  type HistoryInfo,
  type Job,
  type MultiSchemaInfo,
  type QueueName,
  type SubJob,
  timestampToMs,
} from './model/job.js';
export { isFinished, JobState, jobStateName } from './model/job-state.js';
export { type Json, parseJson, stringifyJson } from './model/json.js';
export { type Name, name, sameName } from './model/name.js';
export {
  type CountedWarning,
  newReorgMeta,
  type ReorgSession,
  reorgType,
  reorgWarnings,
} from './model/reorg-meta.js';
export type { AffectedOption, SchemaDiff } from './model/schema-diff.js';
export { SchemaState, schemaStateName } from './model/schema-state.js';
export {
  newTableInfo,
  type PartitionDefinition,
  type PartitionInfo,
  physicalTableIds,
  type TableInfo,
  type ViewInfo,
} from './model/table-info.js';
export { JobCache } from './queue.js';
export type { ReorgBackend, ReorgBatch, ReorgRange, ReorgSpeed, ReorgTask } from './reorg/backend.js';
export { DdlWorker, type DdlWorkerOptions, type Ownership } from './worker/worker.js';
