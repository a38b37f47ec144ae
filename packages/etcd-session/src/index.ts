export type { EtcdErrorCode } from './client/errors.js';
export type * from './client/types.js';
