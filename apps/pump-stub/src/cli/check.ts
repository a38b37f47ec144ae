import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tryScanBinlog } from '../binlog/scan.js';
import { Segment, segmentId } from '../log/segment.js';

const reportEveryBytes = 256 << 20;

/**
 * Reads every record of a data directory and says what is damaged.
 *
 * @returns whether nothing is, but for an unfinished end, which is no loss.
 */
export async function checkDataDir(dir: string, print: (line: string) => void): Promise<boolean> {
  const valueDir = join(dir, 'value');
  const ids = (await readdir(valueDir)).flatMap((name) => segmentId(name) ?? []).sort((a, b) => a - b);
  let isSound = true;
  for (const [index, id] of ids.entries()) {
    const before = ids[index - 1];
    if (before !== undefined && id !== before + 1) {
      print(`missing: file ${before + 1}`);
      isSound = false;
    }
    if (!(await checkFile(valueDir, id, print))) isSound = false;
  }
  print(`${ids.length} files, ${isSound ? 'sound' : 'DAMAGED'}`);
  return isSound;
}

async function checkFile(valueDir: string, id: number, print: (line: string) => void): Promise<boolean> {
  const segment = await Segment.open(valueDir, id, false);
  let isSound = true;
  let records = 0;
  let scanned = 0;
  let reported = 0;
  try {
    const watcher = {
      progress: (bytes: number) => {
        scanned += bytes;
        if (scanned - reported < reportEveryBytes) return;
        reported = scanned;
        print(`file ${id}: ${scanned} of ${segment.size} bytes`);
      },
      damage: ({ offset, bytes, torn }: { offset: number; bytes: number; torn: boolean }) => {
        print(`file ${id}: ${bytes} bytes from ${offset} are ${torn ? 'an unfinished end' : 'no record'}`);
        if (!torn) isSound = false;
      },
    };
    for await (const piece of segment.scan(0, watcher)) {
      for (const { pointer, payload } of piece) {
        records++;
        if (tryScanBinlog(payload)) continue;
        print(`file ${id}: the record at ${pointer.offset} is no binlog`);
        isSound = false;
      }
    }
  } finally {
    await segment.close();
  }
  print(`file ${id}: ${records} binlogs, ${segment.size} bytes${segment.finished ? ', finished' : ''}`);
  return isSound;
}
