import { DdlError } from '../errors.js';
import { ActionType } from '../model/action-type.js';
import { databaseOf } from '../model/codec.js';
import { type DBInfo, newDBInfo } from '../model/db-info.js';
import { asJson } from '../model/json.js';
import { SchemaState } from '../model/schema-state.js';
import { Arguments } from './arguments.js';
import { oneStep } from './edges.js';
import type { JobSpec } from './job-spec.js';

/** CREATE DATABASE. Arguments: [DBInfo]. */
export const createSchemaAction = oneStep({
  type: ActionType.CreateSchema,
  name: 'create schema',
  does: 'writes the database',
  involves: (job) => ({ schemaIds: [job.schema_id], schemaNames: [job.schema_name] }),
  async run(step) {
    const database: DBInfo = {
      ...databaseOf(new Arguments(step.job).object(0)),
      id: step.job.schema_id,
      state: SchemaState.Public,
    };
    if ((await step.meta.databaseNamed(database.db_name.L)) !== undefined) {
      throw new DdlError('DATABASE_EXISTS', `Can't create database '${database.db_name.O}'; database exists`);
    }
    step.meta.setDatabase(database);
    step.ends({ database });
  },
});

/** CREATE DATABASE `name`. */
export function createSchema(
  name: string,
  options: { readonly charset?: string; readonly collate?: string; readonly query?: string } = {},
): JobSpec {
  return {
    type: ActionType.CreateSchema,
    schemaId: 0,
    schemaName: name,
    query: options.query ?? `create database \`${name}\``,
    newIds: 1,
    fill: ([schemaId = 0]) => ({
      schemaId,
      rawArgs: [asJson({ ...newDBInfo(name, options), id: schemaId })],
    }),
  };
}
