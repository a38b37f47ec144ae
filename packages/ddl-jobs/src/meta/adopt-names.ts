import type { Compare } from '@tidb-js/etcd-session';
import { Meta } from './meta.js';
import type { MetaStorage } from './storage.js';
import { stringKey } from './structure.js';
import { transact } from './transact.js';

/** Says that every table can be found by its name. */
const mark = stringKey('NamesComplete');

/**
 * Gives every table its entry by name, once: a TiDB before 7.6 kept none, so in metadata that it wrote a name that is taken would look free. What does not
 * fit into one transaction is done in several; the mark comes with the last.
 */
export async function adoptNames(
  storage: MetaStorage,
  options: { readonly signal: AbortSignal; readonly fence: readonly Compare[] },
): Promise<void> {
  for (let done = false; !done; ) {
    done = await transact(storage, options, async (buffer) => {
      if ((await buffer.get(mark)) !== undefined) {
        return true;
      }
      const meta = new Meta(buffer);
      for (const database of await meta.databases()) {
        const tables = await meta.tables(database.id);
        const named = await Promise.all(tables.map((table) => meta.tableIdNamed(database, table.name.L)));
        for (const table of tables.filter((_, at) => named[at] === undefined)) {
          if (buffer.writes + 1 >= storage.maxWrites) {
            return false;
          }
          meta.takeName(database, table);
        }
      }
      buffer.set(mark, Buffer.from('1'));
      return true;
    });
  }
}
