import { PumpServer, type TransactionOutcome } from '../src/index.js';

// A Pump to be killed: pump-process.ts PD-URL DATA-DIR [NODE-ID [MS BETWEEN FAKES]]. It tells its address to its parent, which is its storage too: it
// is asked how transactions ended.
const [pdUrl = '', dataDir = '', nodeId = 'killed-pump', fakeBinlogIntervalMs = '3600000'] = process.argv.slice(2);

/** What the parent is asked, and answers. Timestamps as text. */
export interface Question {
  readonly startTs: string;
}
export interface Answer {
  readonly startTs: string;
  readonly kind: TransactionOutcome['kind'];
  readonly commitTs?: string;
}
/** Asks what the process holds, when it has thrown away what it can. Without `--expose-gc` there is no answer. */
export type HeldQuestion = 'held';
export interface Held {
  /** Bytes of JavaScript's objects and of the buffers beside them. */
  readonly held: number;
}
/** The first message. */
export interface Ready {
  readonly address: string;
  readonly clusterId: string;
}

const asked = new Map<string, (answer: Answer) => void>();
process.on('message', (answer: Answer | HeldQuestion) => {
  if (answer === 'held') {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    if (globalThis.gc) process.send?.({ held: heapUsed + external } satisfies Held);
    return;
  }
  asked.get(answer.startTs)?.(answer);
  asked.delete(answer.startTs);
});
process.on('disconnect', () => process.exit());

const pump = await PumpServer.start({
  pdUrls: [pdUrl],
  dataDir,
  address: '127.0.0.1:0',
  nodeId,
  stopWriteAtAvailableSpace: 1,
  segmentBytes: 4 << 20,
  fakeBinlogIntervalMs: Number(fakeBinlogIntervalMs),
  settleAfterMs: 200,
  outcomes: {
    outcome: ({ startTs }) =>
      new Promise((resolve) => {
        asked.set(String(startTs), ({ kind, commitTs = '0' }) =>
          resolve(kind === 'committed' ? { kind, commitTs: BigInt(commitTs) } : { kind }),
        );
        process.send?.({ startTs: String(startTs) } satisfies Question);
      }),
  },
});
process.send?.({ address: pump.address, clusterId: String(pump.clusterId) } satisfies Ready);
