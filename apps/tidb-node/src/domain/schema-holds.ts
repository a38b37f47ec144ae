import type { LoadedSchema } from './loaded-schema.js';
import { type SchemaValidator, schemaChanged } from './schema-validator.js';
import type { InfoSchema, SchemaHold } from './types.js';

/** What a schema change touches. */
export interface TouchedObjects {
  readonly tableIds: readonly number[];
  /** Databases that it touches as a whole. */
  readonly schemaIds: readonly number[];
}

/** The schema holds of the statements and transactions of a node. */
export class SchemaHolds {
  readonly #open = new Set<Hold>();

  constructor(
    private readonly validator: SchemaValidator,
    private readonly onRelease: () => void,
  ) {}

  take(infoSchema: LoadedSchema): SchemaHold {
    const hold = new Hold(infoSchema, this.validator, () => {
      if (this.#open.delete(hold)) this.onRelease();
    });
    this.#open.add(hold);
    return hold;
  }

  /** Whether something that began with an older version than this one uses one of the tables. */
  blocks(version: bigint, { tableIds, schemaIds }: TouchedObjects): boolean {
    for (const hold of this.#open) {
      if (hold.infoSchema.version >= version) continue;
      if (tableIds.some((id) => hold.tableIds.has(id))) return true;
      for (const used of schemaIds.length === 0 ? [] : hold.tableIds) {
        const schema = hold.infoSchema.tableById(used)?.schema;
        if (schema !== undefined && schemaIds.includes(schema.id)) return true;
      }
    }
    return false;
  }
}

class Hold implements SchemaHold {
  readonly tableIds = new Set<number>();

  constructor(
    readonly infoSchema: InfoSchema,
    private readonly validator: SchemaValidator,
    readonly release: () => void,
  ) {}

  use(tableIds: Iterable<number>): void {
    const added = [...tableIds].filter((id) => !this.tableIds.has(id));
    if (added.length === 0) return;
    // A table that changed before it was first named here was not protected: its older shape must not be used.
    if (this.validator.changedSince(this.infoSchema.version, added)) throw schemaChanged();
    for (const id of added) this.tableIds.add(id);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
