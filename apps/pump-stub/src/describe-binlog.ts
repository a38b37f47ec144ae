import { BinlogType, decodeBinlog, decodePrewriteValue, type PrewriteValue } from '@tidb-js/binlog/wire';

/** A binlog as people read it; numbers of 64 bits as text. */
export interface BinlogDescription {
  readonly type: string;
  readonly startTs: string;
  readonly commitTs: string;
  readonly kind: 'fake' | 'ddl' | 'dml';
  readonly prewriteKey?: string;
  readonly ddlJobId?: string;
  readonly ddlSchemaState?: number;
  readonly query?: string;
  readonly schemaVersion?: string;
  readonly tables?: readonly {
    readonly tableId: string;
    readonly inserted: number;
    readonly updated: number;
    readonly deleted: number;
  }[];
}

const typeNames = new Map<number, string>(Object.entries(BinlogType).map(([name, type]) => [type, name]));

/** @throws BinlogError when the bytes are no binlog. */
export function describeBinlog(payload: Uint8Array): BinlogDescription {
  const { type, startTs, commitTs, prewriteKey, prewriteValue, ddlQuery, ddlJobId, ddlSchemaState } =
    decodeBinlog(payload);
  const value = changesOf(prewriteValue);
  return {
    type: typeNames.get(type) ?? String(type),
    startTs: String(startTs),
    commitTs: String(commitTs),
    kind: startTs === commitTs ? 'fake' : ddlJobId > 0n ? 'ddl' : 'dml',
    ...(prewriteKey?.length && { prewriteKey: Buffer.from(prewriteKey).toString('hex') }),
    ...(ddlJobId > 0n && { ddlJobId: String(ddlJobId), ddlSchemaState: Number(ddlSchemaState) }),
    ...(ddlQuery?.length && { query: Buffer.from(ddlQuery).toString() }),
    ...(value && {
      schemaVersion: String(value.schemaVersion),
      tables: value.mutations.map((mutation) => ({
        tableId: String(mutation.tableId),
        inserted: mutation.insertedRows.length,
        updated: mutation.updatedRows.length,
        deleted: mutation.deletedRows.length,
      })),
    }),
  };
}

/** A Pump takes any bytes as the changes; some programs that try a Pump out send other things. */
function changesOf(bytes: Uint8Array | undefined): PrewriteValue | undefined {
  if (!bytes?.length) return undefined;
  try {
    return decodePrewriteValue(bytes);
  } catch {
    return undefined;
  }
}
