import type { BinlogWriter } from '@tidb-js/binlog';
import { setDdlBinlog } from '@tidb-js/binlog';
import { BinlogType } from '@tidb-js/binlog/wire';
import type { DdlBinlog, DdlBinlogSink } from '@tidb-js/ddl-jobs';
import type { Logger } from '@tidb-js/etcd-session';

/** DDL binlogs to the Pumps: the Prewrite is awaited, what follows is not, and a Pump that misses it asks the storage. */
export class PumpDdlBinlogSink implements DdlBinlogSink {
  constructor(
    private readonly pumps: BinlogWriter,
    private readonly logger?: Logger,
  ) {}

  async prewrite(binlog: DdlBinlog, options: { readonly signal: AbortSignal }): Promise<void> {
    await this.pumps.write(this.binlogOf(binlog, BinlogType.Prewrite, 0n), options);
  }

  commit(binlog: DdlBinlog, commitTs: bigint): void {
    this.send(this.binlogOf(binlog, BinlogType.Commit, commitTs));
  }

  rollback(binlog: DdlBinlog): void {
    this.send(this.binlogOf(binlog, BinlogType.Rollback, 0n));
  }

  private send(binlog: ReturnType<typeof setDdlBinlog>): void {
    this.pumps.write(binlog).catch((error: unknown) => {
      this.logger?.warn({ err: error, startTs: binlog.startTs }, 'the outcome of a DDL was not told to its pump');
    });
  }

  private binlogOf(binlog: DdlBinlog, type: number, commitTs: bigint): ReturnType<typeof setDdlBinlog> {
    const { jobId, query, schemaState, startTs, prewriteKey } = binlog;
    return setDdlBinlog({ type, startTs, commitTs, prewriteKey }, { jobId: BigInt(jobId), query, schemaState });
  }
}
