import type { Action } from './action.js';
import { addColumnAction } from './add-column.js';
import { addIndexAction, addPrimaryKeyAction } from './add-index.js';
import { createSchemaAction } from './create-schema.js';
import { createTableAction } from './create-table.js';
import { createViewAction } from './create-view.js';
import { dropColumnAction } from './drop-column.js';
import { dropIndexAction, dropPrimaryKeyAction } from './drop-index.js';
import { dropSchemaAction } from './drop-schema.js';
import { dropTableAction, dropViewAction } from './drop-table.js';
import { addForeignKeyAction, dropForeignKeyAction } from './foreign-key.js';
import { alterIndexVisibilityAction, renameIndexAction } from './index-properties.js';
import { modifyColumnAction } from './modify-column.js';
import { modifySchemaCharsetAction } from './modify-schema-charset.js';
import { multiSchemaChangeAction } from './multi-schema-change.js';
import { renameTableAction, renameTablesAction } from './rename-table.js';
import { setDefaultValueAction } from './set-default-value.js';
import { modifyTableCharsetAction, modifyTableCommentAction, rebaseAutoIdAction } from './table-properties.js';
import { truncateTableAction } from './truncate-table.js';

/** TiDB's schema changes that are done here. The others answer 8200 with their name. */
export const builtinActions: readonly Action[] = [
  createSchemaAction,
  dropSchemaAction,
  modifySchemaCharsetAction,
  createTableAction,
  dropTableAction,
  truncateTableAction,
  renameTableAction,
  renameTablesAction,
  createViewAction,
  dropViewAction,
  modifyTableCommentAction,
  modifyTableCharsetAction,
  rebaseAutoIdAction,
  addForeignKeyAction,
  dropForeignKeyAction,
  addColumnAction,
  dropColumnAction,
  modifyColumnAction,
  setDefaultValueAction,
  addIndexAction,
  addPrimaryKeyAction,
  dropIndexAction,
  dropPrimaryKeyAction,
  renameIndexAction,
  alterIndexVisibilityAction,
  multiSchemaChangeAction,
];
