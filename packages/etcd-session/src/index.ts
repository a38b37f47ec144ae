export type { EtcdErrorCode } from './client/errors.js';
export type * from './client/types.js';
export type { Clock } from './clock.js';
export type { Election, Leader } from './election.js';
export type { Mutex } from './mutex.js';
export type { OwnerListener, OwnerManager, OwnerManagerOptions, OwnerOp } from './owner.js';
export type { Tenure } from './queue.js';
export type { Session, SessionOptions } from './session.js';
export type { StmIsolation, StmOptions, StmTransaction } from './stm.js';
