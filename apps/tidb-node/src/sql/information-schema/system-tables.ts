import type { VirtualTable } from '../plan/virtual-table.js';
import { datetime, emptyTable, int, text, type VirtualContext, variableTable, virtualTable } from './definition.js';

const PRIVILEGES =
  `Select_priv Insert_priv Update_priv Delete_priv Create_priv Drop_priv Process_priv Grant_priv References_priv Alter_priv Show_db_priv Super_priv
  Create_tmp_table_priv Lock_tables_priv Execute_priv Create_view_priv Show_view_priv Create_routine_priv Alter_routine_priv Index_priv Create_user_priv
  Event_priv Repl_slave_priv Repl_client_priv Trigger_priv Create_role_priv Drop_role_priv Account_locked Shutdown_priv Reload_priv FILE_priv Config_priv
  Create_Tablespace_Priv`.split(/\s+/);

/** Tables of `mysql` that clients and tools read. Root is the only account; its password is not shown. */
export function systemTables(x: VirtualContext): VirtualTable[] {
  const empty = (name: string, columns: string) => emptyTable(name, columns, 255);
  return [
    virtualTable(
      'user',
      [
        ['Host', text(255)],
        ['User', text(32)],
        ['authentication_string', text(255)],
        ['plugin', text(64)],
        ...PRIVILEGES.map((each) => [each, text(1)] as const),
        ['Password_reuse_history', int(5)],
        ['Password_reuse_time', int(5)],
        ['User_attributes', text(255)],
        ['Token_issuer', text(255)],
        ['Password_expired', text(1)],
        ['Password_last_changed', datetime],
        ['Password_lifetime', int(5)],
      ],
      () => [
        [
          '%',
          'root',
          '',
          'mysql_native_password',
          ...PRIVILEGES.map((each) => (each === 'Account_locked' ? 'N' : 'Y')),
          null,
          null,
          null,
          '',
          'N',
          null,
          null,
        ],
      ],
    ),
    virtualTable(
      'tidb',
      [
        ['VARIABLE_NAME', text(64)],
        ['VARIABLE_VALUE', text(1024)],
        ['COMMENT', text(1024)],
      ],
      () => {
        const variables = new Map(x.variables(true));
        const value = (name: string) => variables.get(name) ?? '';
        return [
          ['bootstrapped', 'True', 'Bootstrap flag. Do not delete.'],
          ['new_collation_enabled', 'True', 'If the new collations are enabled. Do not edit it.'],
          ['system_tz', value('system_time_zone'), 'TiDB Global System Timezone.'],
          ['tidb_server_version', '134', 'Bootstrap version. Do not delete.'],
          ['tikv_gc_enable', value('tidb_gc_enable') === 'ON' ? 'true' : 'false', 'Current GC enable status'],
          ['tikv_gc_life_time', value('tidb_gc_life_time'), 'Versions within this time stay, in Go format.'],
          ['tikv_gc_run_interval', value('tidb_gc_run_interval'), 'GC run interval, at least 10m, in Go format.'],
        ];
      },
    ),
    variableTable('GLOBAL_VARIABLES', x, true),
    empty('db', 'Host DB User Select_priv Insert_priv Update_priv Delete_priv Create_priv Drop_priv Grant_priv'),
    empty('tables_priv', 'Host DB User Table_name Grantor Timestamp Table_priv Column_priv'),
    empty('columns_priv', 'Host DB User Table_name Column_name Timestamp Column_priv'),
    empty('global_priv', 'Host User Priv'),
    empty('global_grants', 'USER HOST PRIV WITH_GRANT_OPTION'),
    empty('role_edges', 'FROM_HOST FROM_USER TO_HOST TO_USER WITH_ADMIN_OPTION'),
    empty('default_roles', 'HOST USER DEFAULT_ROLE_HOST DEFAULT_ROLE_USER'),
    empty('help_topic', 'help_topic_id name help_category_id description example url'),
  ];
}
