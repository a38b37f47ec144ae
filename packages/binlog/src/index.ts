export { BinlogError, type BinlogErrorCode, type BinlogErrorOptions } from './errors.js';
