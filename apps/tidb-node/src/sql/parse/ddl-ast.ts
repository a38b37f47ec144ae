import type { Expression, Query, TableName, TypeName } from './ast.js';

export interface ColumnPosition {
  readonly first: boolean;
  readonly after?: string | undefined;
}

export type ColumnOption =
  | { readonly kind: 'null' }
  | { readonly kind: 'notNull' }
  | { readonly kind: 'default'; readonly value: Expression }
  | { readonly kind: 'onUpdate'; readonly value: Expression }
  | { readonly kind: 'autoIncrement' }
  | { readonly kind: 'autoRandom'; readonly bits: number }
  | { readonly kind: 'primaryKey'; readonly clustered?: boolean | undefined }
  | { readonly kind: 'unique' }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'collate'; readonly name: string }
  | { readonly kind: 'generated'; readonly expression: Expression; readonly stored: boolean }
  | { readonly kind: 'references'; readonly reference: Reference }
  | { readonly kind: 'check'; readonly expression: Expression };

export interface ColumnDefinition {
  readonly name: string;
  readonly type: TypeName;
  readonly options: readonly ColumnOption[];
}

export interface IndexPart {
  readonly column?: string | undefined;
  readonly length?: number | undefined;
  readonly expression?: Expression | undefined;
}

export interface IndexOptions {
  readonly comment?: string | undefined;
  readonly invisible?: boolean | undefined;
  readonly type?: 'BTREE' | 'HASH' | 'RTREE' | undefined;
  readonly clustered?: boolean | undefined;
}

export interface Reference {
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly onDelete: string;
  readonly onUpdate: string;
}

export type Constraint =
  | {
      readonly kind: 'primary' | 'unique' | 'index' | 'fulltext';
      readonly name?: string | undefined;
      readonly ifNotExists?: boolean | undefined;
      readonly parts: readonly IndexPart[];
      readonly options: IndexOptions;
    }
  | {
      readonly kind: 'foreign';
      readonly name?: string | undefined;
      readonly columns: readonly string[];
      readonly reference: Reference;
    }
  | { readonly kind: 'check'; readonly name?: string | undefined; readonly expression: Expression };

/** An option of a table or a database by its upper-case name. */
export interface TableOption {
  readonly name: string;
  readonly value: string | bigint;
}

export interface PartitionDefinition {
  readonly name: string;
  /** LESS THAN bounds; 'maxvalue' for MAXVALUE. */
  readonly lessThan?: readonly (Expression | 'maxvalue')[] | undefined;
  readonly inValues?: readonly Expression[] | undefined;
  readonly comment: string;
}

export interface PartitionBy {
  readonly type: 'range' | 'range columns' | 'list' | 'list columns' | 'hash' | 'key';
  readonly expression?: Expression | undefined;
  readonly columns: readonly string[];
  readonly count?: number | undefined;
  readonly definitions: readonly PartitionDefinition[];
}

export interface CreateTable {
  readonly kind: 'createTable';
  readonly ifNotExists: boolean;
  readonly temporary: boolean;
  readonly name: TableName;
  readonly like?: TableName | undefined;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly Constraint[];
  readonly options: readonly TableOption[];
  readonly partition?: PartitionBy | undefined;
  readonly query?: Query | undefined;
}

export type AlterAction =
  | {
      readonly kind: 'addColumn';
      readonly columns: readonly ColumnDefinition[];
      readonly position?: ColumnPosition | undefined;
      readonly ifNotExists: boolean;
    }
  | { readonly kind: 'dropColumn'; readonly name: string; readonly ifExists: boolean }
  | {
      readonly kind: 'modifyColumn';
      readonly from: string;
      readonly column: ColumnDefinition;
      readonly position?: ColumnPosition | undefined;
      readonly change: boolean;
    }
  | { readonly kind: 'renameColumn'; readonly from: string; readonly to: string }
  | { readonly kind: 'setDefault'; readonly column: string; readonly value?: Expression | undefined }
  | { readonly kind: 'addConstraint'; readonly constraint: Constraint }
  | { readonly kind: 'dropIndex'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'dropPrimaryKey' }
  | { readonly kind: 'dropForeignKey'; readonly name: string }
  | { readonly kind: 'renameIndex'; readonly from: string; readonly to: string }
  | { readonly kind: 'indexVisibility'; readonly name: string; readonly invisible: boolean }
  | { readonly kind: 'renameTable'; readonly to: TableName }
  | { readonly kind: 'options'; readonly options: readonly TableOption[] }
  | { readonly kind: 'convertCharset'; readonly charset: string; readonly collate?: string | undefined }
  | { readonly kind: 'addPartition'; readonly definitions: readonly PartitionDefinition[] }
  | { readonly kind: 'dropPartition'; readonly names: readonly string[] }
  | { readonly kind: 'truncatePartition'; readonly names: readonly string[] }
  | { readonly kind: 'accepted'; readonly what: string }
  | { readonly kind: 'unsupported'; readonly what: string };

export interface AlterTable {
  readonly kind: 'alterTable';
  readonly name: TableName;
  readonly actions: readonly AlterAction[];
}

export type DdlStatement =
  | CreateTable
  | AlterTable
  | {
      readonly kind: 'createDatabase';
      readonly name: string;
      readonly ifNotExists: boolean;
      readonly options: readonly TableOption[];
    }
  | { readonly kind: 'alterDatabase'; readonly name?: string | undefined; readonly options: readonly TableOption[] }
  | { readonly kind: 'dropDatabase'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'dropTable'; readonly names: readonly TableName[]; readonly ifExists: boolean }
  | { readonly kind: 'dropView'; readonly names: readonly TableName[]; readonly ifExists: boolean }
  | { readonly kind: 'truncateTable'; readonly name: TableName }
  | { readonly kind: 'renameTables'; readonly renames: readonly { readonly from: TableName; readonly to: TableName }[] }
  | {
      readonly kind: 'createIndex';
      readonly table: TableName;
      readonly constraint: Constraint;
    }
  | { readonly kind: 'dropIndex'; readonly table: TableName; readonly name: string; readonly ifExists: boolean }
  | {
      readonly kind: 'createView';
      readonly orReplace: boolean;
      readonly name: TableName;
      readonly columns?: readonly string[] | undefined;
      readonly query: Query;
      readonly text: string;
    }
  | { readonly kind: 'recoverTable'; readonly name: TableName };
