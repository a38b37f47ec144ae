import type { Involved } from './actions/action.js';
import type { Job } from './model/job.js';

/** The objects that a number of jobs touch, gathered so that one more job can be held against all of them at once. */
export class Footprint {
  readonly #wholeSchemas = new Set<number>();
  readonly #schemas = new Set<number>();
  readonly #schemaNames = new Set<string>();
  readonly #tables = new Set<number>();
  readonly #tableNames = new Set<string>();

  /** Whether a job has to wait for those gathered here. */
  overlaps(job: Job, involved: Involved): boolean {
    const { whole, schemas, schemaNames, tables, tableNames } = keysOf(job, involved);
    return (
      whole.some((id) => this.#schemas.has(id)) ||
      schemas.some((id) => this.#wholeSchemas.has(id)) ||
      schemaNames.some((name) => this.#schemaNames.has(name)) ||
      tables.some((id) => this.#tables.has(id)) ||
      tableNames.some((name) => this.#tableNames.has(name))
    );
  }

  add(job: Job, involved: Involved): void {
    const { whole, schemas, schemaNames, tables, tableNames } = keysOf(job, involved);
    addAll(this.#wholeSchemas, whole);
    addAll(this.#schemas, schemas);
    addAll(this.#schemaNames, schemaNames);
    addAll(this.#tables, tables);
    addAll(this.#tableNames, tableNames);
  }
}

function keysOf(job: Job, involved: Involved) {
  const whole = involved.schemaIds ?? [];
  const names = involved.tableNames ?? [];
  return {
    whole,
    schemas: [job.schema_id, ...whole, ...names.map((each) => each.schemaId)],
    schemaNames: (involved.schemaNames ?? []).map((name) => name.toLowerCase()),
    tables: (involved.tableIds ?? []).filter((id) => id !== 0),
    tableNames: names.map((each) => `${each.schemaId}/${each.table.toLowerCase()}`),
  };
}

function addAll<T>(set: Set<T>, values: readonly T[]): void {
  for (const value of values) {
    set.add(value);
  }
}
