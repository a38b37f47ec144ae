import { asBuffer } from './fields.js';
import { pb_binlog as generated } from './generated/messages.js';
import { fromInt64, int64 } from './int64.js';
import { decodeMessage } from './messages.js';

/** One column of a row in a Drainer's file. */
export interface PbColumn {
  readonly name: string;
  /** One byte: MySQL's type code. */
  readonly tp?: Uint8Array | undefined;
  /** The SQL type in lower case. */
  readonly mysqlType: string;
  /** A datum in the compact form: `decodeDatums` of `@tidb-js/binlog/codec` reads it. In an update, the old value. */
  readonly value?: Uint8Array | undefined;
  /** The new value, in an update. */
  readonly changedValue?: Uint8Array | undefined;
}

/** One changed row in a Drainer's file. */
export interface PbEvent {
  readonly schemaName?: string | undefined;
  readonly tableName?: string | undefined;
  /** One of {@link RowEvent}. */
  readonly type: number;
  readonly row: readonly PbColumn[];
}

/** What a Drainer writes to a file, one record a transaction or schema change. */
export interface PbBinlog {
  /** One of {@link DownstreamType}. */
  readonly type: number;
  readonly commitTs: bigint;
  /** Of a DML: the rows that changed, in order. */
  readonly events?: readonly PbEvent[] | undefined;
  readonly ddlQuery?: Uint8Array | undefined;
}

/**
 * The bytes of one record's payload.
 *
 * @throws BinlogError `INVALID_VALUE` for a number that does not fit its field.
 */
export function encodePbBinlog({ type, commitTs, events, ddlQuery }: PbBinlog): Buffer {
  return asBuffer(
    generated.Binlog.encode({
      tp: type,
      commitTs: int64(commitTs, 'commitTs'),
      dmlData: events === undefined ? null : { events: events.map(eventMessage) },
      ddlQuery: ddlQuery ?? null,
    }).finish(),
  );
}

/**
 * Reads one record's payload. Byte strings of the result are views into `bytes`.
 *
 * @throws BinlogError `MALFORMED`
 */
export function decodePbBinlog(bytes: Uint8Array): PbBinlog {
  const message = decodeMessage('file Binlog', bytes, (b) => generated.Binlog.decode(b));
  const { dmlData } = message;
  return {
    type: message.tp,
    commitTs: fromInt64(message.commitTs),
    events: dmlData ? (dmlData.events ?? []).map(eventOf) : undefined,
    ddlQuery: Object.hasOwn(message, 'ddlQuery') ? message.ddlQuery : undefined,
  };
}

function eventMessage({ schemaName, tableName, type, row }: PbEvent): generated.IEvent {
  return {
    schemaName: schemaName ?? null,
    tableName: tableName ?? null,
    tp: type,
    row: row.map((column) =>
      generated.Column.encode({
        name: column.name,
        tp: column.tp ?? null,
        mysqlType: column.mysqlType,
        value: column.value ?? null,
        changedValue: column.changedValue ?? null,
      }).finish(),
    ),
  };
}

function eventOf(message: generated.IEvent): PbEvent {
  return {
    schemaName: Object.hasOwn(message, 'schemaName') ? (message.schemaName ?? undefined) : undefined,
    tableName: Object.hasOwn(message, 'tableName') ? (message.tableName ?? undefined) : undefined,
    type: message.tp,
    row: (message.row ?? []).map(columnOf),
  };
}

function columnOf(bytes: Uint8Array): PbColumn {
  const message = decodeMessage('file Column', bytes, (b) => generated.Column.decode(b));
  const own = (key: 'tp' | 'value' | 'changedValue') => (Object.hasOwn(message, key) ? message[key] : undefined);
  return {
    name: message.name,
    tp: own('tp'),
    mysqlType: message.mysqlType,
    value: own('value'),
    changedValue: own('changedValue'),
  };
}
