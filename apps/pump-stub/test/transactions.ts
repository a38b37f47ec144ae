import { encodeBinlog } from '@tidb-js/binlog/wire';

/** A Prewrite whose key and value name its start_ts. */
export const prewrite = (startTs: bigint, value: Uint8Array = Buffer.from(`v${startTs}`)): Buffer =>
  encodeBinlog({ type: 0, startTs, prewriteKey: Buffer.from(`k${startTs}`), prewriteValue: value });

/** Its Commit. */
export const commit = (startTs: bigint, commitTs: bigint): Buffer =>
  encodeBinlog({ type: 1, startTs, commitTs, prewriteKey: Buffer.from(`k${startTs}`) });

/** Its Rollback, as TiDB writes it: without a commit_ts. */
export const rollback = (startTs: bigint): Buffer =>
  encodeBinlog({ type: 2, startTs, prewriteKey: Buffer.from(`k${startTs}`) });
