import { SqlError } from './errors.js';
import { SERVER_VERSION } from './functions/information.js';
import { sqlModes } from './sql-mode.js';
import { charsetNamed, collationNamed } from './types/charset.js';
import { toText } from './types/text.js';
import { TimeZone } from './types/time-zone.js';
import type { SqlValue } from './types/value.js';
import { WITHOUT_EFFECT, WORDS } from './variables-without-effect.js';

type Kind = 'boolean' | 'integer' | 'text' | 'enum';

interface Definition {
  readonly kind: Kind;
  readonly value: string;
  readonly scope: 'session' | 'global' | 'both' | 'readonly';
  readonly min?: bigint;
  readonly max?: bigint;
  readonly choices?: readonly string[];
}

const DEFAULT_SQL_MODE =
  'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION';

const bool = (value: 'ON' | 'OFF', scope: Definition['scope'] = 'both'): Definition => ({
  kind: 'boolean',
  value,
  scope,
});
const int = (value: number, scope: Definition['scope'] = 'both', min = 0n, max = (1n << 64n) - 1n): Definition => ({
  kind: 'integer',
  value: String(value),
  scope,
  min,
  max,
});
const text = (value: string, scope: Definition['scope'] = 'both'): Definition => ({ kind: 'text', value, scope });
const choice = (value: string, ...choices: string[]): Definition => ({ kind: 'enum', value, scope: 'both', choices });

const ISOLATION = ['READ-UNCOMMITTED', 'READ-COMMITTED', 'REPEATABLE-READ', 'SERIALIZABLE'] as const;

/** The system variables that clients ask for and set, with their defaults. */
const VARIABLES: ReadonlyMap<string, Definition> = new Map<string, Definition>([
  ...[...WITHOUT_EFFECT].map(([name, value]): [string, Definition] => [
    name,
    (value === 'ON' || value === 'OFF') && !WORDS.has(name) ? bool(value) : text(value),
  ]),
  ...Object.entries({
    autocommit: bool('ON'),
    auto_increment_increment: int(1, 'both', 1n, 65_535n),
    auto_increment_offset: int(1, 'both', 1n, 65_535n),
    big_tables: bool('OFF'),
    binlog_format: text('ROW', 'readonly'),
    character_set_client: text('utf8mb4'),
    character_set_connection: text('utf8mb4'),
    character_set_database: text('utf8mb4'),
    character_set_filesystem: text('binary'),
    character_set_results: text('utf8mb4'),
    character_set_server: text('utf8mb4'),
    character_set_system: text('utf8', 'readonly'),
    collation_connection: text('utf8mb4_bin'),
    collation_database: text('utf8mb4_bin'),
    collation_server: text('utf8mb4_bin'),
    connect_timeout: int(10),
    datetime_format: text('%Y-%m-%d %H:%i:%s'),
    insert_id: int(0, 'session'),
    default_storage_engine: text('InnoDB'),
    default_week_format: int(0),
    div_precision_increment: int(4, 'both', 0n, 30n),
    event_scheduler: bool('OFF'),
    explicit_defaults_for_timestamp: bool('ON'),
    foreign_key_checks: bool('OFF'),
    group_concat_max_len: int(1024, 'both', 4n),
    have_openssl: text('YES', 'readonly'),
    have_ssl: text('YES', 'readonly'),
    hostname: text('localhost', 'readonly'),
    init_connect: text(''),
    innodb_lock_wait_timeout: int(50),
    innodb_version: text('5.6.25', 'readonly'),
    interactive_timeout: int(28_800, 'both', 1n, 31_536_000n),
    last_insert_id: int(0),
    license: text('Apache License 2.0', 'readonly'),
    local_infile: bool('OFF', 'global'),
    lock_wait_timeout: int(31_536_000),
    log_bin: bool('OFF', 'readonly'),
    lower_case_table_names: int(2, 'readonly'),
    max_allowed_packet: int(67_108_864, 'both', 1024n, 1_073_741_824n),
    max_connections: int(0, 'global'),
    max_execution_time: int(0),
    max_join_size: text('18446744073709551615'),
    net_buffer_length: int(16_384),
    net_read_timeout: int(30),
    net_write_timeout: int(60),
    performance_schema: bool('OFF', 'readonly'),
    port: int(4000, 'readonly'),
    protocol_version: int(10, 'readonly'),
    query_cache_size: int(1_048_576),
    query_cache_type: text('OFF'),
    read_only: bool('OFF', 'global'),
    server_id: int(0, 'global'),
    session_track_gtids: text('OFF'),
    skip_networking: bool('OFF', 'readonly'),
    socket: text('', 'readonly'),
    sql_auto_is_null: bool('OFF'),
    sql_big_selects: bool('ON'),
    sql_log_bin: bool('ON', 'session'),
    sql_mode: text(DEFAULT_SQL_MODE),
    sql_notes: bool('ON'),
    sql_quote_show_create: bool('ON'),
    sql_safe_updates: bool('OFF'),
    sql_select_limit: text('18446744073709551615'),
    sql_warnings: bool('OFF'),
    storage_engine: text('InnoDB'),
    super_read_only: bool('OFF', 'global'),
    system_time_zone: text(Intl.DateTimeFormat().resolvedOptions().timeZone, 'readonly'),
    thread_stack: int(299_008, 'readonly'),
    tidb_binlog_relay: bool('OFF'),
    tidb_current_ts: int(0, 'readonly'),
    tidb_allow_remove_auto_inc: bool('OFF', 'session'),
    tidb_enable_noop_functions: choice('OFF', 'OFF', 'ON', 'WARN'),
    tidb_ddl_error_count_limit: int(512, 'global'),
    tidb_ddl_reorg_batch_size: int(256, 'global', 32n, 10_240n),
    tidb_ddl_reorg_priority: text('PRIORITY_LOW'),
    tidb_ddl_reorg_worker_cnt: int(4, 'global', 1n, 256n),
    tidb_disable_txn_auto_retry: bool('ON'),
    tidb_enable_clustered_index: choice('ON', 'OFF', 'ON', 'INT_ONLY'),
    tidb_enable_foreign_key: bool('OFF', 'readonly'),
    tidb_enable_metadata_lock: bool('ON', 'global'),
    tidb_gc_enable: bool('ON', 'global'),
    tidb_gc_life_time: text('10m0s', 'global'),
    tidb_gc_run_interval: text('10m0s', 'global'),
    tidb_is_ddl_owner: int(0, 'readonly'),
    tidb_mem_quota_query: int(1_073_741_824),
    tidb_multi_statement_mode: choice('OFF', 'OFF', 'ON', 'WARN'),
    tidb_retry_limit: int(10),
    tidb_skip_utf8_check: bool('OFF'),
    tidb_snapshot: text('', 'session'),
    tidb_txn_mode: choice('optimistic', 'optimistic', 'pessimistic', ''),
    time_format: text('%H:%i:%s', 'readonly'),
    time_zone: text('SYSTEM'),
    timestamp: int(0, 'session'),
    tls_version: text('TLSv1.2,TLSv1.3', 'readonly'),
    transaction_isolation: choice('REPEATABLE-READ', ...ISOLATION),
    transaction_read_only: bool('OFF'),
    tx_isolation: choice('REPEATABLE-READ', ...ISOLATION),
    tx_read_only: bool('OFF'),
    unique_checks: bool('ON'),
    version: text(SERVER_VERSION, 'readonly'),
    version_comment: text('TiDB Server (Apache License 2.0) Community Edition, MySQL 5.7 compatible', 'readonly'),
    version_compile_machine: text('amd64', 'readonly'),
    version_compile_os: text('linux', 'readonly'),
    wait_timeout: int(28_800, 'both', 0n, 31_536_000n),
    warning_count: int(0, 'readonly'),
    error_count: int(0, 'readonly'),
  } satisfies Record<string, Definition>),
]);

/** Two names of one variable. */
const TWINS: Readonly<Record<string, string>> = {
  tx_isolation: 'transaction_isolation',
  transaction_isolation: 'tx_isolation',
  tx_read_only: 'transaction_read_only',
  transaction_read_only: 'tx_read_only',
};

const MODE_GROUPS: Readonly<Record<string, string>> = {
  ANSI: 'REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ONLY_FULL_GROUP_BY,ANSI',
  TRADITIONAL:
    'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION,TRADITIONAL',
};

/** Modes that would change results, and do not here. */
const CHANGES_RESULTS = new Set([
  'HIGH_NOT_PRECEDENCE',
  'NO_UNSIGNED_SUBTRACTION',
  'PAD_CHAR_TO_FULL_LENGTH',
  'TIME_TRUNCATE_FRACTIONAL',
]);

/** Keeps GLOBAL variables for all nodes of a cluster, beyond their lives. */
export interface SharedVariables {
  /** Resolves when the values are durable. */
  save(values: ReadonlyMap<string, string>): Promise<void>;
}

/** Values of the GLOBAL variables as this node knows them. */
export class GlobalVariables {
  private readonly values = new Map<string, string>();

  /** @param shared without it they live as long as the node does. */
  constructor(private readonly shared?: SharedVariables) {}

  get(name: string): string | undefined {
    return this.values.get(name) ?? VARIABLES.get(name)?.value;
  }

  async set(name: string, value: SqlValue | undefined): Promise<void> {
    const definition = definitionOf(name);
    if (definition.scope === 'readonly') throw readOnly(name);
    if (definition.scope === 'session')
      throw new SqlError(1228, `Variable '${name}' is a SESSION variable and can't be used with SET GLOBAL`);
    const text = value === undefined ? definition.value : checked(name, definition, value);
    const changed = new Map(twins(name).map((each): [string, string] => [each, text]));
    await this.shared?.save(changed);
    for (const [each, made] of changed) this.values.set(each, made);
  }

  /** What only the node knows: its port, its host's name; or what another node has set. */
  fix(name: string, value: string): void {
    this.values.set(name, value);
  }
}

/** Values of one session's variables, over the global ones. */
export class SessionVariables {
  private readonly values = new Map<string, string>();

  constructor(readonly globals: GlobalVariables) {}

  get(name: string): string | undefined {
    return this.values.get(name) ?? this.globals.get(name);
  }

  set(name: string, value: SqlValue | undefined): void {
    const definition = definitionOf(name);
    if (definition.scope === 'readonly') throw readOnly(name);
    if (name === 'max_allowed_packet' || name === 'net_buffer_length') {
      throw new SqlError(1621, `SESSION variable '${name}' is read-only. Use SET GLOBAL to assign the value`);
    }
    if (definition.scope === 'global')
      throw new SqlError(1229, `Variable '${name}' is a GLOBAL variable and should be set with SET GLOBAL`);
    for (const each of twins(name))
      this.values.set(
        each,
        value === undefined ? (this.globals.get(name) ?? definition.value) : checked(name, definition, value),
      );
  }

  clear(): void {
    this.values.clear();
  }

  /** Error 1193 for a name that is none; a number for what counts. */
  typed(name: string, scope: 'global' | 'session' | 'default'): SqlValue {
    const definition = definitionOf(name);
    if (scope === 'session' && definition.scope === 'global')
      throw new SqlError(1238, `Variable '${name}' is a GLOBAL variable`);
    if (scope === 'global' && definition.scope === 'session')
      throw new SqlError(1238, `Variable '${name}' is a SESSION variable`);
    const value = (scope === 'global' ? this.globals.get(name) : this.get(name)) ?? definition.value;
    if (definition.kind === 'boolean') return value === 'ON' ? 1n : 0n;
    return definition.kind === 'integer' ? BigInt(value) : value;
  }

  /** Names with values, sorted, as SHOW VARIABLES lists them. */
  list(global: boolean): [string, string][] {
    return [...VARIABLES.keys()].sort().map((name) => [name, (global ? this.globals.get(name) : this.get(name)) ?? '']);
  }

  flag(name: string): boolean {
    return this.get(name) === 'ON';
  }
}

function twins(name: string): string[] {
  const twin = TWINS[name];
  return twin === undefined ? [name] : [name, twin];
}

function definitionOf(name: string): Definition {
  const definition = VARIABLES.get(name);
  if (definition === undefined) throw new SqlError(1193, `Unknown system variable '${name}'`);
  return definition;
}

function readOnly(name: string): SqlError {
  return new SqlError(1238, `Variable '${name}' is a read only variable`);
}

function wrongValue(name: string, value: string): SqlError {
  return new SqlError(1231, `Variable '${name}' can't be set to the value of '${value}'`);
}

function checked(name: string, definition: Definition, value: SqlValue): string {
  const shown = value === null ? 'NULL' : toText(value);
  switch (definition.kind) {
    case 'boolean':
      if (/^(on|1|true)$/i.test(shown)) return 'ON';
      if (/^(off|0|false)$/i.test(shown)) return 'OFF';
      throw wrongValue(name, shown);
    case 'integer': {
      if (!/^-?\d+$/.test(shown)) throw new SqlError(1232, `Incorrect argument type to variable '${name}'`);
      const number = BigInt(shown);
      const { min = 0n, max = number } = definition;
      return String(number < min ? min : number > max ? max : number);
    }
    case 'enum': {
      const { choices = [] } = definition;
      const numbered = /^\d+$/.test(shown) ? choices[Number(shown)] : undefined;
      const found = choices.find((each) => each.toLowerCase() === shown.toLowerCase()) ?? numbered;
      if (found === undefined) throw wrongValue(name, shown);
      if (/isolation/.test(name) && (found === 'READ-UNCOMMITTED' || found === 'SERIALIZABLE')) {
        throw new SqlError(
          8048,
          `The isolation level '${found}' is not supported. Set tidb_skip_isolation_level_check=1 to skip this error`,
        );
      }
      return found;
    }
    case 'text':
      return checkedText(name, shown, value);
  }
}

function checkedText(name: string, shown: string, value: SqlValue): string {
  if (name === 'sql_mode') return sqlMode(shown);
  if (name === 'time_zone') {
    TimeZone.named(shown);
    return shown;
  }
  if (name.startsWith('collation_')) return collationNamed(shown).name;
  if (/^character_set_(client|connection|results|server|database)$/.test(name)) {
    if (name === 'character_set_results' && (value === null || shown === '')) return '';
    return charsetNamed(shown).name;
  }
  if (name === 'tidb_snapshot') throw SqlError.notYet('tidb_snapshot');
  return value === null ? '' : shown;
}

function sqlMode(value: string): string {
  if (/^\d+$/.test(value) && value !== '0')
    throw new SqlError(1105, `ERROR 1231 (42000): ${wrongValue('sql_mode', value).message}`);
  if (value === '0') return '';
  const modes = value
    .toUpperCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .flatMap((each) => MODE_GROUPS[each]?.split(',') ?? [each]);
  for (const mode of modes) {
    if (!sqlModes.has(mode)) throw new SqlError(1105, `ERROR 1231 (42000): ${wrongValue('sql_mode', mode).message}`);
  }
  const missing = modes.find((mode) => CHANGES_RESULTS.has(mode));
  if (missing !== undefined) throw SqlError.notYet(`sql_mode ${missing}`);
  return [...new Set(modes)].join(',');
}

/** Whether a variable is ON or OFF. */
export function isSwitch(name: string): boolean {
  return VARIABLES.get(name)?.kind === 'boolean';
}
