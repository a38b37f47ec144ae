export { TidbNode } from './node.js';
export { type NodeOptions, SERVER_VERSION } from './node-options.js';
export { type SessionOwner, SqlEngine } from './sql/engine.js';
export { SqlError } from './sql/errors.js';
export type { PumpState, ServerState, SqlServices } from './sql/services.js';
export type * from './sql/types.js';
