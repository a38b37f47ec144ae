import { ADDRESS_FUNCTIONS } from './address.js';
import { CONTROL_FUNCTIONS } from './control.js';
import type { FunctionTable, SqlFunction } from './function.js';
import { INFORMATION_FUNCTIONS } from './information.js';
import { JSON_FUNCTIONS } from './json.js';
import { MATH_FUNCTIONS } from './math.js';
import { STRING_FUNCTIONS } from './string.js';
import { TIME_FUNCTIONS } from './time.js';

const TABLES: readonly FunctionTable[] = [
  ADDRESS_FUNCTIONS,
  CONTROL_FUNCTIONS,
  INFORMATION_FUNCTIONS,
  JSON_FUNCTIONS,
  MATH_FUNCTIONS,
  STRING_FUNCTIONS,
  TIME_FUNCTIONS,
];

/** Other names of functions. */
const SYNONYMS: Readonly<Record<string, string>> = {
  current_timestamp: 'now',
  localtime: 'now',
  localtimestamp: 'now',
  current_date: 'curdate',
  current_time: 'curtime',
  adddate: 'date_add',
  subdate: 'date_sub',
  substr: 'substring',
  mid: 'substring',
  std: 'stddev',
};

/** Functions that TiDB has and this server does not: they are refused as such, not as unknown. */
export const MISSING: ReadonlySet<string> = new Set(
  `aes_encrypt aes_decrypt compress uncompress uncompressed_length password json_search json_array_insert json_overlaps json_storage_size
  json_storage_free json_memberof name_const approx_count_distinct approx_percentile tidb_decode_key tidb_decode_plan tidb_bounded_staleness
  tidb_shard vitess_hash format_bytes format_nano_time weight_string translate regexp_replace regexp_substr regexp_instr regexp_like ilike
  random_bytes validate_password_strength load_file encode decode master_pos_wait nextval lastval setval get_format soundex grouping
  row_number rank dense_rank cume_dist percent_rank ntile lead lag first_value last_value nth_value`.split(/\s+/),
);

const FUNCTIONS = new Map<string, SqlFunction>(TABLES.flatMap((table) => Object.entries(table)));

/** A function by its name in lower case. */
export function functionNamed(name: string): SqlFunction | undefined {
  return FUNCTIONS.get(SYNONYMS[name] ?? name);
}
