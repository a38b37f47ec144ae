export { SqlError } from './sql/errors.js';
export type * from './sql/types.js';
