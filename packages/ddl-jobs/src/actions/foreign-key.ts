import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { type ForeignKeyInfo, findForeignKey } from '../model/foreign-key.js';
import { asJson } from '../model/json.js';
import { name } from '../model/name.js';
import { SchemaState } from '../model/schema-state.js';
import { requireColumn } from '../model/table-edit.js';
import { Arguments } from './arguments.js';
import { oneStep } from './edges.js';
import type { JobSpec, TableTarget } from './job-spec.js';

/**
 * ALTER TABLE … ADD FOREIGN KEY. Arguments: [the key without its id]. The key is kept with the table; whether rows are held to it is the
 * business of who writes them, and its `version` says so.
 */
export const addForeignKeyAction = oneStep({
  type: ActionType.AddForeignKey,
  name: 'add foreign key',
  does: 'adds it',
  involves: (job) => ({ tableIds: [job.table_id] }),
  async run(step) {
    const wanted = new Arguments(step.job).object(0) as unknown as ForeignKeyInfo;
    const table = await step.table();
    if (findForeignKey(table, wanted.fk_name.O) !== undefined) {
      throw new DdlError('FOREIGN_KEY_EXISTS', `Duplicate foreign key constraint name '${wanted.fk_name.O}'`);
    }
    for (const column of wanted.cols) requireColumn(table, column);
    const key = { ...wanted, id: table.max_fk_id + 1, state: SchemaState.Public };
    await step.saveTable({ ...table, fk_info: [...(table.fk_info ?? []), key], max_fk_id: key.id });
  },
});

/** ALTER TABLE … DROP FOREIGN KEY. Arguments: [name]. */
export const dropForeignKeyAction = oneStep({
  type: ActionType.DropForeignKey,
  name: 'drop foreign key',
  does: 'removes it',
  removes: true,
  involves: (job) => ({ tableIds: [job.table_id] }),
  async run(step) {
    const { O: keyName } = new Arguments(step.job).name(0);
    const table = await step.table();
    const dropped = findForeignKey(table, keyName);
    if (dropped === undefined) {
      throw new DdlError('CANNOT_DROP', `Can't DROP '${keyName}'; check that column/key exists`);
    }
    const left = table.fk_info?.filter((key) => key !== dropped) ?? [];
    await step.saveTable({ ...table, fk_info: left.length === 0 ? null : left });
  },
});

/** ALTER TABLE … ADD FOREIGN KEY: its id and state come with the job. */
export function addForeignKey(target: TableTarget, key: Omit<ForeignKeyInfo, 'id' | 'state'>): JobSpec {
  const quoted = (names: ForeignKeyInfo['cols']) => names.map(({ O }) => `\`${O}\``).join(', ');
  const reference = `\`${key.ref_schema.O}\`.\`${key.ref_table.O}\` (${quoted(key.ref_cols)})`;
  return {
    type: ActionType.AddForeignKey,
    query: `alter table \`${target.tableName}\` add constraint \`${key.fk_name.O}\` foreign key (${quoted(key.cols)}) references ${reference}`,
    ...target,
    fill: () => ({ rawArgs: [asJson({ ...key, id: 0, state: SchemaState.None })] }),
  };
}

/** ALTER TABLE … DROP FOREIGN KEY. */
export function dropForeignKey(target: TableTarget, keyName: string): JobSpec {
  return {
    type: ActionType.DropForeignKey,
    query: `alter table \`${target.tableName}\` drop foreign key \`${keyName}\``,
    ...target,
    fill: () => ({ rawArgs: [asJson(name(keyName))] }),
  };
}
