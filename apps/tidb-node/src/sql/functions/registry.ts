import { CONTROL_FUNCTIONS } from './control.js';
import type { FunctionTable, SqlFunction } from './function.js';
import { INFORMATION_FUNCTIONS } from './information.js';
import { JSON_FUNCTIONS } from './json.js';
import { MATH_FUNCTIONS } from './math.js';
import { STRING_FUNCTIONS } from './string.js';
import { TIME_FUNCTIONS } from './time.js';

const TABLES: readonly FunctionTable[] = [
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

const FUNCTIONS = new Map<string, SqlFunction>(TABLES.flatMap((table) => Object.entries(table)));

/** A function by its name in lower case. */
export function functionNamed(name: string): SqlFunction | undefined {
  return FUNCTIONS.get(SYNONYMS[name] ?? name);
}
