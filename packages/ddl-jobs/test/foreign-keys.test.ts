import { LocalEtcd } from '@tidb-js/etcd-session/local-etcd';
import { expect, test } from 'vitest';
import { addForeignKey, dropForeignKey, name, ReferenceOption, renameColumn } from '../src/index.js';
import { Fleet } from './fleet.js';
import { prepare, varchar } from './tables.js';

const key = (keyName: string) => ({
  fk_name: name(keyName),
  ref_schema: name('d'),
  ref_table: name('parents'),
  ref_cols: [name('id')],
  cols: [name('b')],
  on_delete: ReferenceOption.Cascade,
  on_update: ReferenceOption.None,
  version: 0,
});

test('foreign keys are kept with their table, follow its columns’ names, and their ids are never used twice', async () => {
  await using etcd = await LocalEtcd.start();
  await using fleet = await Fleet.start(etcd);
  const { table } = await prepare(fleet);
  const kept = async () =>
    (await fleet.read((meta) => meta.table(table.schemaId, table.tableId)))?.fk_info?.map((each) => ({
      id: each.id,
      name: each.fk_name.O,
      column: each.cols[0]?.O,
      state: each.state,
    }));
  await fleet.jobs.run(addForeignKey(table, key('One')));
  await expect(fleet.jobs.run(addForeignKey(table, key('one')))).rejects.toMatchObject({ errno: 1826 });
  await fleet.jobs.run(renameColumn(table, varchar('b', 20), 'bb'));
  expect(await kept()).toEqual([{ id: 1, name: 'One', column: 'bb', state: 5 }]);
  await expect(fleet.jobs.run(addForeignKey(table, key('two')))).rejects.toMatchObject({ errno: 1054 });
  await fleet.jobs.run(dropForeignKey(table, 'ONE'));
  expect(await kept()).toBeUndefined();
  await expect(fleet.jobs.run(dropForeignKey(table, 'one'))).rejects.toMatchObject({ errno: 1091 });
  await fleet.jobs.run(addForeignKey(table, { ...key('three'), cols: [name('a')] }));
  expect(await kept()).toEqual([{ id: 2, name: 'three', column: 'a', state: 5 }]);
});
