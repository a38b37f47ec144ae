export { type Action, defineAction, type Edge, type Involved, type StepContext } from './actions/action.js';
export type { JobSpec, TableTarget } from './actions/job-spec.js';
export type { DdlBinlog, DdlBinlogSink, DdlBinlogTime } from './binlog.js';
export { DdlError, type DdlErrorCode } from './errors.js';
export { type DdlEvent, ddlChannelName } from './events.js';
export type { AdminResult, DdlJobs, DdlJobsOptions, WaitOptions } from './jobs.js';
export { Meta } from './meta/meta.js';
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
export type { ReorgBackend, ReorgBatch, ReorgRange, ReorgSpeed, ReorgTask } from './reorg/backend.js';
export type { DdlWorker, DdlWorkerOptions, Ownership } from './worker/worker.js';
