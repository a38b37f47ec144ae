import type { InfoSchema } from '../../domain/types.js';
import type { VirtualTable } from '../plan/virtual-table.js';
import type { ServerState, SqlServices } from '../services.js';
import { dateTimeType, type FieldType, makeType, stringType, Tp } from '../types/field-type.js';
import type { TimeZone } from '../types/time-zone.js';
import type { SqlValue } from '../types/value.js';
import type { ProcessInfo } from '../types.js';

/** What the virtual tables are made from. */
export interface VirtualContext {
  readonly services: SqlServices;
  infoSchema(): InfoSchema;
  zone(): TimeZone;
  processes(): readonly ProcessInfo[];
  variables(global: boolean): [string, string][];
  servers(): Promise<readonly ServerState[]>;
}

/** Types of columns, by length and flags. */
export const text = (length: number, flag = 0): FieldType => ({ ...stringType(length), Flag: flag });
export const blob = (length: number, flag = 0): FieldType =>
  makeType(Tp.Blob, { Flag: flag, Flen: length, Decimal: 0, Charset: 'utf8mb4', Collate: 'utf8mb4_bin' });
export const int = (length: number, flag = 0): FieldType =>
  makeType(Tp.LongLong, { Flag: flag, Flen: length, Decimal: 0 });
export const datetime = { ...dateTimeType(0), Flag: 0 };

type Columns = readonly (readonly [string, FieldType])[];

/** A table from its columns and what makes its rows. */
export function virtualTable(
  name: string,
  columns: Columns,
  rows: () => readonly SqlValue[][] | Promise<readonly SqlValue[][]>,
): VirtualTable {
  return {
    name,
    columns: columns.map(([column, type]) => ({ name: column, type })),
    rows: async () => (await rows()).map((row) => [...row]),
  };
}

/**
 * A table that is there for clients that look into it, and is always empty here; `columns` with blanks between, each `NAME` (a VARCHAR of
 * `width`) or `NAME:type`, as in `CREATED:datetime` and `ORDINAL_POSITION:bigint(21)`.
 */
export function emptyTable(name: string, columns: string, width = 64): VirtualTable {
  return virtualTable(
    name,
    columns.split(' ').map((each) => {
      const [column = '', type = `varchar(${width})`] = each.split(':');
      return [column, typeOf(type)] as const;
    }),
    () => [],
  );
}

function typeOf(written: string): FieldType {
  const [, name = '', digits = '0'] = /^(\w+)(?:\((\d+)\))?$/.exec(written) ?? [];
  const length = Number(digits);
  switch (name) {
    case 'varchar':
      return text(length);
    case 'bigint':
      return int(length);
    case 'int':
      return makeType(Tp.Long, { Flen: length, Decimal: 0 });
    case 'text':
      return blob(65_535);
    case 'longtext':
      return { ...blob(4_294_967_295), Tp: Tp.LongBlob };
    case 'datetime':
      return datetime;
    default:
      throw new Error(`no type for the column of an empty table: ${written}`);
  }
}

/** The variables of the session, or the global ones. */
export function variableTable(name: string, x: VirtualContext, global: boolean): VirtualTable {
  return virtualTable(
    name,
    [
      ['VARIABLE_NAME', text(64)],
      ['VARIABLE_VALUE', text(1024)],
    ],
    () => x.variables(global),
  );
}

/** By UTF-16 units, as names are sorted here. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
