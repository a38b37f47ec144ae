export { PumpError, type PumpErrorCode } from './errors.js';
export { type DdlBinlogTime, ddlJobState, type JobSource } from './job-source.js';
export type { OutcomeSource, TransactionOutcome } from './outcome-source.js';
export type { PumpOptions, PumpState, PumpStatus, PumpTlsOptions } from './pump-options.js';
export { PumpServer } from './pump-server.js';
export type { IndexOptions } from './store/pointer-index.js';
export { physicalMs, type TimestampSource, timestampOfMs } from './timestamp-source.js';
