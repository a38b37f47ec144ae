import type { FieldType } from '../types/field-type.js';
import type { Row } from '../types/value.js';
import type { Runtime } from './node.js';

/** A table whose rows are made when they are read: information_schema and its like. */
export interface VirtualTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: FieldType }[];
  rows(runtime: Runtime): Promise<readonly Row[]>;
}

/** The databases of virtual tables. */
export interface VirtualTables {
  /** A virtual database's own spelling; undefined when the name is none. */
  database(name: string): string | undefined;
  table(database: string, name: string): VirtualTable | undefined;
}
