import { asBuffer } from './fields.js';
import { secondary_binlog as generated } from './generated/messages.js';
import { fromInt64, fromUint64, int64, uint64 } from './int64.js';
import { decodeMessage } from './messages.js';

/** What a Drainer's message (and its file record) is about. */
export const DownstreamType = { DML: 0, DDL: 1 } as const;

/** What happened to a row downstream of a Drainer. The numbers differ from those inside a Pump's binlog. */
export const RowEvent = { Insert: 0, Update: 1, Delete: 2 } as const;

/** One value. A writer sets exactly one of the fields, by the column's type. */
export interface SecondaryColumn {
  /** True for NULL. */
  readonly isNull?: boolean | undefined;
  /** Signed integers, and YEAR. */
  readonly int64Value?: bigint | undefined;
  /** Unsigned integers; the index of an ENUM, the bits of a SET. */
  readonly uint64Value?: bigint | undefined;
  /** FLOAT and DOUBLE. */
  readonly doubleValue?: number | undefined;
  /** BIT, BINARY, BLOB and JSON. */
  readonly bytesValue?: Uint8Array | undefined;
  /** CHAR, TEXT, DECIMAL, and everything of dates and times. */
  readonly stringValue?: string | undefined;
}

/** A column of a table, as a Drainer describes it. */
export interface SecondaryColumnInfo {
  readonly name: string;
  /** The SQL type in lower case, without its length. */
  readonly mysqlType: string;
  readonly isPrimaryKey: boolean;
  /** The length; 0 from a writer before October 2021. */
  readonly flen: number;
  /** The digits after the point; 0 from a writer before October 2021. */
  readonly decimal: number;
}

/** A unique key; its name is PRIMARY for the primary key. */
export interface SecondaryKey {
  readonly name?: string | undefined;
  readonly columnNames: readonly string[];
}

/** One changed row. */
export interface SecondaryMutation {
  /** One of {@link RowEvent}. */
  readonly type: number;
  /** The row, or the new one of an update; values in the order of the table's columns. */
  readonly row: readonly SecondaryColumn[];
  /** The old row of an update. */
  readonly changeRow?: readonly SecondaryColumn[] | undefined;
}

/** The changes of one table in one transaction. */
export interface SecondaryTable {
  readonly schemaName?: string | undefined;
  readonly tableName?: string | undefined;
  readonly columnInfo: readonly SecondaryColumnInfo[];
  readonly mutations: readonly SecondaryMutation[];
  /** Empty from a writer before 3.0.9. */
  readonly uniqueKeys: readonly SecondaryKey[];
}

/** A schema change. */
export interface SecondaryDdl {
  readonly schemaName?: string | undefined;
  readonly tableName?: string | undefined;
  readonly query?: Uint8Array | undefined;
}

/** What a Drainer sends to Kafka, one message a transaction or schema change, and keeps in its relay log. */
export interface SecondaryBinlog {
  /** One of {@link DownstreamType}. */
  readonly type: number;
  readonly commitTs: bigint;
  /** Of a DML: the tables that changed. */
  readonly tables?: readonly SecondaryTable[] | undefined;
  /** Of a DDL. */
  readonly ddl?: SecondaryDdl | undefined;
  /** The zone of the TIMESTAMP texts. */
  readonly timeZone?: string | undefined;
}

/**
 * The bytes a Go Drainer gives: numbers and texts that have no absence there are written when zero too.
 *
 * @throws BinlogError `INVALID_VALUE` for a number that does not fit its field.
 */
export function encodeSecondaryBinlog(binlog: SecondaryBinlog): Buffer {
  const { type, commitTs, tables, ddl, timeZone } = binlog;
  return asBuffer(
    generated.Binlog.encode({
      type,
      commitTs: int64(commitTs, 'commitTs'),
      dmlData: tables === undefined ? null : { tables: tables.map(tableMessage) },
      ddlData:
        ddl === undefined
          ? null
          : { schemaName: ddl.schemaName ?? null, tableName: ddl.tableName ?? null, ddlQuery: ddl.query ?? null },
      timeZone: timeZone ?? null,
    }).finish(),
  );
}

/**
 * Reads what a Drainer sends to Kafka. Byte strings of the result are views into `bytes`.
 *
 * @throws BinlogError `MALFORMED`
 */
export function decodeSecondaryBinlog(bytes: Uint8Array): SecondaryBinlog {
  const message = decodeMessage('secondary Binlog', bytes, (b) => generated.Binlog.decode(b));
  const { dmlData, ddlData } = message;
  return {
    type: message.type,
    commitTs: fromInt64(message.commitTs),
    tables: dmlData?.tables?.map(tableOf) ?? (dmlData ? [] : undefined),
    ddl: ddlData
      ? {
          schemaName: own(ddlData, 'schemaName'),
          tableName: own(ddlData, 'tableName'),
          query: own(ddlData, 'ddlQuery'),
        }
      : undefined,
    timeZone: own(message, 'timeZone'),
  };
}

function tableMessage(table: SecondaryTable): generated.ITable {
  return {
    schemaName: table.schemaName ?? null,
    tableName: table.tableName ?? null,
    columnInfo: table.columnInfo.map((column) => ({ ...column })),
    mutations: table.mutations.map(({ type, row, changeRow }) => ({
      type,
      row: { columns: row.map(columnMessage) },
      changeRow: changeRow === undefined ? null : { columns: changeRow.map(columnMessage) },
    })),
    uniqueKeys: table.uniqueKeys.map(({ name, columnNames }) => ({
      name: name ?? null,
      columnNames: [...columnNames],
    })),
  };
}

function columnMessage(column: SecondaryColumn): generated.IColumn {
  const { isNull, int64Value, uint64Value, doubleValue, bytesValue, stringValue } = column;
  return {
    isNull: isNull ?? null,
    int64Value: int64Value === undefined ? null : int64(int64Value, 'int64Value'),
    uint64Value: uint64Value === undefined ? null : uint64(uint64Value, 'uint64Value'),
    doubleValue: doubleValue ?? null,
    bytesValue: bytesValue ?? null,
    stringValue: stringValue ?? null,
  };
}

function tableOf(message: generated.ITable): SecondaryTable {
  return {
    schemaName: own(message, 'schemaName'),
    tableName: own(message, 'tableName'),
    columnInfo: (message.columnInfo ?? []).map((column) => ({
      name: column.name ?? '',
      mysqlType: column.mysqlType ?? '',
      isPrimaryKey: column.isPrimaryKey ?? false,
      flen: column.flen ?? 0,
      decimal: column.decimal ?? 0,
    })),
    mutations: (message.mutations ?? []).map(({ type, row, changeRow }) => ({
      type,
      row: (row.columns ?? []).map(columnOf),
      changeRow: changeRow ? (changeRow.columns ?? []).map(columnOf) : undefined,
    })),
    uniqueKeys: (message.uniqueKeys ?? []).map((key) => ({
      name: own(key, 'name'),
      columnNames: key.columnNames ?? [],
    })),
  };
}

// Only what is set, so that a value reads as the one field that it is.
function columnOf(message: generated.IColumn): SecondaryColumn {
  const int64Value = own(message, 'int64Value');
  const uint64Value = own(message, 'uint64Value');
  const column: { -readonly [K in keyof SecondaryColumn]: SecondaryColumn[K] } = {};
  if (Object.hasOwn(message, 'isNull')) column.isNull = message.isNull ?? false;
  if (int64Value !== undefined) column.int64Value = fromInt64(int64Value);
  if (uint64Value !== undefined) column.uint64Value = fromUint64(uint64Value);
  if (Object.hasOwn(message, 'doubleValue')) column.doubleValue = message.doubleValue ?? 0;
  if (Object.hasOwn(message, 'bytesValue')) column.bytesValue = message.bytesValue ?? new Uint8Array();
  if (Object.hasOwn(message, 'stringValue')) column.stringValue = message.stringValue ?? '';
  return column;
}

/** A field that was on the wire; the generated prototype has a default where one was not. */
function own<T extends object, K extends keyof T>(message: T, key: K): NonNullable<T[K]> | undefined {
  return Object.hasOwn(message, key) ? (message[key] ?? undefined) : undefined;
}
