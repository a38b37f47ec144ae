import { join } from 'node:path';
import { BenchProcess } from './bench-process.js';
import { openClient, streamSender, TransactionSource, write } from './load.js';

/** A load that lasts: what its server holds is looked at again and again. */
export interface SteadyLoad {
  readonly dir: string;
  readonly valueBytes: number;
  readonly writers: number;
  readonly seconds: number;
}

const looks = 10;
const mib = 2 ** 20;

/** Writes by the stream for a while, at full speed, and tells the Pump's resident memory as it goes on. */
export async function watchMemory(load: SteadyLoad, print: (line: string) => void): Promise<void> {
  const { dir, valueBytes, writers, seconds } = load;
  print(`writes by the stream for ${seconds} s, ${writers} writers, ${valueBytes} B: resident memory`);
  await using pump = await BenchProcess.start('pump', join(dir, 'steady'));
  const client = openClient(pump.address);
  try {
    const source = new TransactionSource(valueBytes, 1n << 58n);
    const send = streamSender(client);
    let total = 0;
    for (let look = 1; look <= looks; look++) {
      const end = performance.now() + (seconds * 1000) / looks;
      total += await write(source, send, writers, () => performance.now() < end);
      const { residentBytes, logBytes } = await pump.usage();
      const after = `${Math.round((seconds * look) / looks)} s, ${total} binlogs, ${Math.round(logBytes / mib)} MiB of log`;
      print(`  ${after}: ${Math.round(residentBytes / mib)} MiB`);
    }
  } finally {
    client.close();
    await pump.kill();
  }
}
