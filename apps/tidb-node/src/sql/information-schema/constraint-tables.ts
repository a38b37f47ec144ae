import type { VirtualTable } from '../plan/virtual-table.js';
import { referenceOptionText } from '../show/create-statement.js';
import { shownIndexes } from '../show/tables.js';
import type { SqlValue } from '../types/value.js';
import { int, text, type VirtualContext, virtualTable } from './definition.js';
import { type Entry, entries } from './entries.js';

/** What tables hold their rows to: unique keys, and foreign keys, which are shown and not enforced. */
export function constraintTables(x: VirtualContext): VirtualTable[] {
  return [
    virtualTable(
      'KEY_COLUMN_USAGE',
      [
        ['CONSTRAINT_CATALOG', text(512, 1)],
        ['CONSTRAINT_SCHEMA', text(64, 1)],
        ['CONSTRAINT_NAME', text(64, 1)],
        ['TABLE_CATALOG', text(512, 1)],
        ['TABLE_SCHEMA', text(64, 1)],
        ['TABLE_NAME', text(64, 1)],
        ['COLUMN_NAME', text(64, 1)],
        ['ORDINAL_POSITION', int(10, 1)],
        ['POSITION_IN_UNIQUE_CONSTRAINT', int(10)],
        ['REFERENCED_TABLE_SCHEMA', text(64)],
        ['REFERENCED_TABLE_NAME', text(64)],
        ['REFERENCED_COLUMN_NAME', text(64)],
      ],
      () =>
        entries(x.infoSchema()).flatMap(({ schema, table }) =>
          shownIndexes(table)
            .filter((index) => index.is_unique)
            .flatMap((index) =>
              index.idx_cols.map((part, at): SqlValue[] => [
                'def',
                schema.db_name.O,
                index.idx_name.O,
                'def',
                schema.db_name.O,
                table.name.O,
                part.name.O,
                BigInt(at + 1),
                table.pk_is_handle && index.is_primary ? 1n : null,
                null,
                null,
                null,
              ]),
            )
            .concat(foreignKeyColumns({ schema, table })),
        ),
    ),
    virtualTable(
      'TABLE_CONSTRAINTS',
      [
        ['CONSTRAINT_CATALOG', text(512)],
        ['CONSTRAINT_SCHEMA', text(64)],
        ['CONSTRAINT_NAME', text(64)],
        ['TABLE_SCHEMA', text(64)],
        ['TABLE_NAME', text(64)],
        ['CONSTRAINT_TYPE', text(64)],
      ],
      () =>
        entries(x.infoSchema()).flatMap(({ schema, table }) =>
          shownIndexes(table)
            .filter((index) => index.is_unique)
            .map((index): SqlValue[] => [
              'def',
              schema.db_name.O,
              index.idx_name.O,
              schema.db_name.O,
              table.name.O,
              index.is_primary ? 'PRIMARY KEY' : 'UNIQUE',
            ])
            .concat(
              (table.fk_info ?? []).map(({ fk_name }) => [
                'def',
                schema.db_name.O,
                fk_name.O,
                schema.db_name.O,
                table.name.O,
                'FOREIGN KEY',
              ]),
            ),
        ),
    ),
    virtualTable(
      'REFERENTIAL_CONSTRAINTS',
      [
        ['CONSTRAINT_CATALOG', text(512, 1)],
        ['CONSTRAINT_SCHEMA', text(64, 1)],
        ['CONSTRAINT_NAME', text(64, 1)],
        ['UNIQUE_CONSTRAINT_CATALOG', text(512, 1)],
        ['UNIQUE_CONSTRAINT_SCHEMA', text(64, 1)],
        ['UNIQUE_CONSTRAINT_NAME', text(64)],
        ['MATCH_OPTION', text(64, 1)],
        ['UPDATE_RULE', text(64, 1)],
        ['DELETE_RULE', text(64, 1)],
        ['TABLE_NAME', text(64, 1)],
        ['REFERENCED_TABLE_NAME', text(64, 1)],
      ],
      () =>
        entries(x.infoSchema()).flatMap(({ schema, table }) =>
          (table.fk_info ?? []).map((key): SqlValue[] => [
            'def',
            schema.db_name.O,
            key.fk_name.O,
            'def',
            schema.db_name.O,
            'PRIMARY',
            'NONE',
            referenceOptionText(key.on_update) || 'NO ACTION',
            referenceOptionText(key.on_delete) || 'NO ACTION',
            table.name.O,
            key.ref_table.O,
          ]),
        ),
    ),
  ];
}

/** Rows of KEY_COLUMN_USAGE. */
function foreignKeyColumns({ schema, table }: Entry): SqlValue[][] {
  return (table.fk_info ?? []).flatMap((key) =>
    key.cols.map((column, at) => [
      'def',
      schema.db_name.O,
      key.fk_name.O,
      'def',
      schema.db_name.O,
      table.name.O,
      column.O,
      BigInt(at + 1),
      1n,
      key.ref_schema.O,
      key.ref_table.O,
      key.ref_cols[at]?.O ?? null,
    ]),
  );
}
