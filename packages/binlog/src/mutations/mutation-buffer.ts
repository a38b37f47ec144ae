import type { Handle } from '../codec/keys.js';
import { type CollationKey, type CollationOptions, handleOf, type RowInput } from '../codec/row.js';
import type { TableInfo } from '../codec/table-info.js';
import { BinlogError } from '../errors.js';
import { encodePrewriteValue, MutationType, type PrewriteValueInit, type TableMutationInit } from '../wire/binlog.js';
import { encodeDeletedRow, encodeInsertedRow, encodeUpdatedRow } from './row-layout.js';

/** A point in a {@link MutationBuffer} to which it can go back. */
export type MutationSavepoint = number & { readonly mutationSavepoint: unique symbol };

export interface MutationBufferOptions extends CollationOptions {
  /** Makes the sort keys of clustered primary keys with a collation that is neither binary nor general_ci. */
  readonly collationKey?: CollationKey;
}

interface Entry {
  readonly tableId: bigint;
  readonly type: number;
  readonly bytes: Buffer;
}

/**
 * The rows that a transaction's statements change, in their order: what its Prewrite binlog will carry. Tables stand in the order of
 * their first change. Rows are written as TiDB does since March 2018, and since 5.1 for clustered primary keys.
 *
 * Rows are encoded at once, so that a bad value fails the statement that has it, and later changes of the objects do not matter.
 */
export class MutationBuffer {
  readonly #options: MutationBufferOptions;
  #entries: Entry[] = [];
  #bytes = 0;

  constructor(options: MutationBufferOptions = {}) {
    this.#options = options;
  }

  /** Number of changed rows. */
  get size(): number {
    return this.#entries.length;
  }

  /** Bytes of the encoded rows. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * A row was inserted. `handle` is needed for a table whose rows have a hidden one.
   *
   * @throws BinlogError `INVALID_VALUE`, naming the column; `INVALID_ARGUMENT` for a missing handle.
   */
  insert(table: TableInfo, row: RowInput, handle?: Handle): void {
    const bytes = encodeInsertedRow(table, row, this.#handle(table, row, handle), this.#options);
    this.#add(table, MutationType.Insert, bytes);
  }

  /**
   * A row was changed and kept its handle. A row whose handle changes is a delete and an insert.
   *
   * @throws BinlogError as {@link MutationBuffer.insert}
   */
  update(table: TableInfo, before: RowInput, after: RowInput, handle?: Handle): void {
    const bytes = encodeUpdatedRow(table, before, after, this.#handle(table, after, handle));
    this.#add(table, MutationType.Update, bytes);
  }

  /**
   * A row was deleted.
   *
   * @throws BinlogError as {@link MutationBuffer.insert}
   */
  delete(table: TableInfo, row: RowInput, handle?: Handle): void {
    this.#add(table, MutationType.DeleteRow, encodeDeletedRow(table, row, this.#handle(table, row, handle)));
  }

  /** Marks the present end, before a statement. */
  savepoint(): MutationSavepoint {
    return this.#entries.length as MutationSavepoint;
  }

  /** Forgets all that was added after the mark: the statement failed. */
  rollbackTo(savepoint: MutationSavepoint): void {
    for (const entry of this.#entries.slice(savepoint)) this.#bytes -= entry.bytes.length;
    this.#entries = this.#entries.slice(0, savepoint);
  }

  /** What the Prewrite binlog carries, or undefined when nothing was changed (then no binlog is written). */
  prewriteValue(schemaVersion: bigint): PrewriteValueInit | undefined {
    if (this.#entries.length === 0) return undefined;
    const tables = new Map<bigint, Entry[]>();
    for (const entry of this.#entries) {
      const entries = tables.get(entry.tableId);
      if (entries === undefined) tables.set(entry.tableId, [entry]);
      else entries.push(entry);
    }
    return { schemaVersion, mutations: [...tables].map(([tableId, entries]) => tableMutation(tableId, entries)) };
  }

  /** The bytes of {@link MutationBuffer.prewriteValue}. */
  encode(schemaVersion: bigint): Buffer | undefined {
    const value = this.prewriteValue(schemaVersion);
    return value === undefined ? undefined : encodePrewriteValue(value);
  }

  #add(table: TableInfo, type: number, bytes: Buffer): void {
    this.#entries.push({ tableId: BigInt(table.id), type, bytes });
    this.#bytes += bytes.length;
  }

  #handle(table: TableInfo, row: RowInput, given: Handle | undefined): Handle {
    const handle = given ?? handleOf(table, row, this.#options);
    if (handle !== undefined) return handle;
    throw new BinlogError(
      'INVALID_ARGUMENT',
      `table ${table.name.O} numbers its rows itself (its primary key is no handle): give the row's handle`,
    );
  }
}

function tableMutation(tableId: bigint, entries: readonly Entry[]): TableMutationInit {
  const rows = (type: number) => entries.filter((entry) => entry.type === type).map(({ bytes }) => bytes);
  return {
    tableId,
    insertedRows: rows(MutationType.Insert),
    updatedRows: rows(MutationType.Update),
    deletedRows: rows(MutationType.DeleteRow),
    sequence: entries.map(({ type }) => type),
  };
}
