export { BinlogError, type BinlogErrorCode, type BinlogErrorOptions } from './errors.js';
export { MutationBuffer, type MutationBufferOptions, type MutationSavepoint } from './mutations/mutation-buffer.js';
export { decodeChanges, type RowChange } from './mutations/row-change.js';
