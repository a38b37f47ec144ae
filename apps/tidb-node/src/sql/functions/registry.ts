import { ADDRESS_FUNCTIONS } from './address.js';
import { CONTROL_FUNCTIONS } from './control.js';
import type { FunctionTable, SqlFunction } from './function.js';
import { INFORMATION_FUNCTIONS } from './information.js';
import { JSON_FUNCTIONS } from './json.js';
import { JSON_SEARCH_FUNCTIONS } from './json-search.js';
import { MATH_FUNCTIONS } from './math.js';
import { REGEXP_FUNCTIONS } from './regexp.js';
import { STRING_FUNCTIONS } from './string.js';
import { TIME_FUNCTIONS } from './time.js';
import { VARIOUS_FUNCTIONS } from './various.js';

const TABLES: readonly FunctionTable[] = [
  ADDRESS_FUNCTIONS,
  CONTROL_FUNCTIONS,
  INFORMATION_FUNCTIONS,
  JSON_FUNCTIONS,
  JSON_SEARCH_FUNCTIONS,
  MATH_FUNCTIONS,
  REGEXP_FUNCTIONS,
  STRING_FUNCTIONS,
  TIME_FUNCTIONS,
  VARIOUS_FUNCTIONS,
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
  `json_storage_size json_storage_free approx_count_distinct approx_percentile tidb_decode_key tidb_decode_plan tidb_bounded_staleness
  tidb_shard vitess_hash weight_string ilike validate_password_strength encode decode master_pos_wait nextval lastval setval
  row_number rank dense_rank cume_dist percent_rank ntile lead lag first_value last_value nth_value`.split(/\s+/),
);

const FUNCTIONS = new Map<string, SqlFunction>(TABLES.flatMap((table) => Object.entries(table)));

/** Whether a function looks at its arguments as texts. */
export function takesTexts(name: string): boolean {
  return (SYNONYMS[name] ?? name) in STRING_FUNCTIONS;
}

/** A function by its name in lower case. */
export function functionNamed(name: string): SqlFunction | undefined {
  return FUNCTIONS.get(SYNONYMS[name] ?? name);
}
