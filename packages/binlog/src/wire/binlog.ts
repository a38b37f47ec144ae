import { asBuffer, type MessageShape, walkFields } from './fields.js';
import { binlog as generated } from './generated/messages.js';
import { fromInt64, int64 } from './int64.js';
import { decodeMessage } from './messages.js';

/** What a binlog says of its transaction. Numbers beyond these are kept as they are. */
export const BinlogType = { Prewrite: 0, Commit: 1, Rollback: 2, PreDDL: 3, PostDDL: 4 } as const;

/** The kind of each change in a table's `sequence`. `DeleteID` and `DeletePK` are of 2016 and 2017. */
export const MutationType = { Insert: 0, Update: 1, DeleteID: 2, DeletePK: 3, DeleteRow: 4 } as const;

/** What one transaction (or one schema change) leaves in a Pump at one of its stages. */
export interface Binlog {
  /** One of {@link BinlogType}. */
  readonly type: number;
  readonly startTs: bigint;
  /** 0 in a Prewrite, and in a Rollback unless it is a fake (then both timestamps are equal). */
  readonly commitTs: bigint;
  /** The transaction's primary key. */
  readonly prewriteKey?: Uint8Array | undefined;
  /** The bytes of a {@link PrewriteValue}. */
  readonly prewriteValue?: Uint8Array | undefined;
  readonly ddlQuery?: Uint8Array | undefined;
  /** Above 0 for a schema change. */
  readonly ddlJobId: bigint;
  readonly ddlSchemaState: number;
  /** Fields that this version does not know, as bytes; written back at the end. */
  readonly unknownFields?: Uint8Array | undefined;
}

/** A {@link Binlog} to encode: what is left out is zero or absent. */
export type BinlogInit = Partial<Binlog> & Pick<Binlog, 'type'>;

/** The changes of one table in one transaction. `sequence` says in what order the lists' rows are to be taken. */
export interface TableMutation {
  readonly tableId: bigint;
  readonly insertedRows: readonly Uint8Array[];
  readonly updatedRows: readonly Uint8Array[];
  readonly deletedIds: readonly bigint[];
  readonly deletedPks: readonly Uint8Array[];
  readonly deletedRows: readonly Uint8Array[];
  /** Of {@link MutationType}. */
  readonly sequence: readonly number[];
  readonly unknownFields?: Uint8Array | undefined;
}

/** A {@link TableMutation} to encode: lists left out are empty. */
export type TableMutationInit = Partial<TableMutation> & Pick<TableMutation, 'tableId'>;

/** What a Prewrite binlog carries for DML. */
export interface PrewriteValue {
  readonly schemaVersion: bigint;
  readonly mutations: readonly TableMutation[];
  readonly unknownFields?: Uint8Array | undefined;
}

/** A {@link PrewriteValue} to encode. */
export interface PrewriteValueInit {
  readonly schemaVersion: bigint;
  readonly mutations: readonly TableMutationInit[];
  readonly unknownFields?: Uint8Array | undefined;
}

const binlogShape: MessageShape = {
  name: 'Binlog',
  fields: {
    1: { name: 'Tp', wireType: 0 },
    2: { name: 'StartTs', wireType: 0 },
    3: { name: 'CommitTs', wireType: 0 },
    4: { name: 'PrewriteKey', wireType: 2 },
    5: { name: 'PrewriteValue', wireType: 2 },
    6: { name: 'DdlQuery', wireType: 2 },
    7: { name: 'DdlJobId', wireType: 0 },
    8: { name: 'DdlSchemaState', wireType: 0 },
  },
};

const prewriteValueShape: MessageShape = {
  name: 'PrewriteValue',
  fields: { 1: { name: 'SchemaVersion', wireType: 0 }, 2: { name: 'Mutations', wireType: 2 } },
  nested: 2,
};

const tableMutationShape: MessageShape = {
  name: 'TableMutation',
  fields: {
    1: { name: 'TableId', wireType: 0 },
    2: { name: 'InsertedRows', wireType: 2 },
    3: { name: 'UpdatedRows', wireType: 2 },
    4: { name: 'DeletedIds', wireType: 0, packable: true },
    5: { name: 'DeletedPks', wireType: 2 },
    6: { name: 'DeletedRows', wireType: 2 },
    7: { name: 'Sequence', wireType: 0, packable: true },
  },
};

/**
 * The bytes a Go writer gives: the five numbers always, the three byte strings when present (also when empty), unknown
 * fields last.
 *
 * @throws BinlogError `INVALID_VALUE` for a number that does not fit its field.
 */
export function encodeBinlog(binlog: BinlogInit): Buffer {
  const bytes = generated.Binlog.encode({
    tp: binlog.type,
    startTs: int64(binlog.startTs ?? 0n, 'startTs'),
    commitTs: int64(binlog.commitTs ?? 0n, 'commitTs'),
    prewriteKey: binlog.prewriteKey ?? null,
    prewriteValue: binlog.prewriteValue ?? null,
    ddlQuery: binlog.ddlQuery ?? null,
    ddlJobId: int64(binlog.ddlJobId ?? 0n, 'ddlJobId'),
    ddlSchemaState: binlog.ddlSchemaState ?? 0,
  }).finish();
  return withUnknown(bytes, binlog.unknownFields);
}

/**
 * Reads a {@link Binlog}. Empty bytes are a binlog of zeros, as for the Go reader. Byte strings of the result are views
 * into `bytes`.
 *
 * @throws BinlogError `MALFORMED`, with the Go decoder's text (`unexpected EOF` for a truncated one).
 */
export function decodeBinlog(bytes: Uint8Array): Binlog {
  const buffer = asBuffer(bytes);
  const { unknown } = walkFields(buffer, binlogShape);
  const message = decodeMessage('Binlog', buffer, (b) => generated.Binlog.decode(b));
  // The generated prototype has an empty array where a byte string is absent.
  const own = (key: 'prewriteKey' | 'prewriteValue' | 'ddlQuery') =>
    Object.hasOwn(message, key) ? message[key] : undefined;
  return {
    type: message.tp,
    startTs: fromInt64(message.startTs),
    commitTs: fromInt64(message.commitTs),
    prewriteKey: own('prewriteKey'),
    prewriteValue: own('prewriteValue'),
    ddlQuery: own('ddlQuery'),
    ddlJobId: fromInt64(message.ddlJobId),
    ddlSchemaState: message.ddlSchemaState,
    unknownFields: unknown,
  };
}

/**
 * The bytes a Go writer gives for the value of a Prewrite binlog.
 *
 * @throws BinlogError `INVALID_VALUE` for a number that does not fit its field.
 */
export function encodePrewriteValue(value: PrewriteValueInit): Buffer {
  const parts = [
    asBuffer(generated.PrewriteValue.encode({ schemaVersion: int64(value.schemaVersion, 'schemaVersion') }).finish()),
  ];
  for (const mutation of value.mutations) {
    const bytes = encodeTableMutation(mutation);
    parts.push(lengthPrefix(0x12, bytes.length), bytes);
  }
  return withUnknown(Buffer.concat(parts), value.unknownFields);
}

/**
 * Reads what a Prewrite binlog carries for DML.
 *
 * @throws BinlogError `MALFORMED`, with the Go decoder's text.
 */
export function decodePrewriteValue(bytes: Uint8Array): PrewriteValue {
  const buffer = asBuffer(bytes);
  const { unknown, nested } = walkFields(buffer, prewriteValueShape);
  // Each mutation is checked before anything of it is decoded.
  const unknownOf = nested.map((mutation) => walkFields(mutation, tableMutationShape).unknown);
  const message = decodeMessage('PrewriteValue', buffer, (b) => generated.PrewriteValue.decode(b));
  return {
    schemaVersion: fromInt64(message.schemaVersion),
    mutations: message.mutations.map((mutation, index) => tableMutation(mutation, unknownOf[index])),
    unknownFields: unknown,
  };
}

function encodeTableMutation(mutation: TableMutationInit): Buffer {
  const bytes = generated.TableMutation.encode({
    tableId: int64(mutation.tableId, 'tableId'),
    insertedRows: [...(mutation.insertedRows ?? [])],
    updatedRows: [...(mutation.updatedRows ?? [])],
    deletedIds: (mutation.deletedIds ?? []).map((id) => int64(id, 'deletedIds')),
    deletedPks: [...(mutation.deletedPks ?? [])],
    deletedRows: [...(mutation.deletedRows ?? [])],
    sequence: [...(mutation.sequence ?? [])],
  }).finish();
  return withUnknown(bytes, mutation.unknownFields);
}

function tableMutation(message: generated.ITableMutation, unknownFields: Buffer | undefined): TableMutation {
  return {
    tableId: fromInt64(message.tableId),
    insertedRows: message.insertedRows ?? [],
    updatedRows: message.updatedRows ?? [],
    deletedIds: (message.deletedIds ?? []).map(fromInt64),
    deletedPks: message.deletedPks ?? [],
    deletedRows: message.deletedRows ?? [],
    sequence: message.sequence ?? [],
    unknownFields,
  };
}

function lengthPrefix(tag: number, length: number): Buffer {
  const bytes = [tag];
  let rest = length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

function withUnknown(bytes: Uint8Array, unknown: Uint8Array | undefined): Buffer {
  return unknown === undefined || unknown.length === 0 ? asBuffer(bytes) : Buffer.concat([bytes, unknown]);
}
