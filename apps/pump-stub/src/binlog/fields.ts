/** Types of a binlog that a Pump tells apart; the two obsolete DDL types count as an end of a transaction. */
export const binlogType = { prewrite: 0, commit: 1, rollback: 2 } as const;

/** A binlog taken apart as far as a Pump needs it. */
export interface BinlogFields {
  readonly type: number;
  readonly startTs: bigint;
  readonly commitTs: bigint;
  readonly prewriteKey: Buffer | undefined;
  readonly prewriteValue: Buffer | undefined;
  readonly ddlQuery: Buffer | undefined;
  readonly ddlJobId: bigint;
  readonly ddlSchemaState: bigint;
  /** Fields this version does not know, as they came; they stay at the end. */
  readonly unknown: Buffer | undefined;
  /** The whole in the Go writers' form: ascending fields, and 1, 2, 3, 7 and 8 always there. */
  readonly payload: Buffer;
}

type Timestamps = Pick<BinlogFields, 'startTs' | 'commitTs'>;
type TypeAndTimestamps = Pick<BinlogFields, 'type' | 'startTs' | 'commitTs'>;

/** Whether it is a fake binlog by its shape, whoever wrote it. */
export function isFake(fields: Timestamps): boolean {
  return fields.startTs === fields.commitTs && fields.startTs > 0n;
}

/** The larger of its timestamps. */
export function latestTs(fields: Timestamps): bigint {
  return fields.commitTs > fields.startTs ? fields.commitTs : fields.startTs;
}

/** The timestamp under which it stands in the index: a Prewrite under start_ts, everything else under commit_ts. */
export function indexTs(fields: TypeAndTimestamps): bigint {
  return fields.type === binlogType.prewrite ? fields.startTs : fields.commitTs;
}
