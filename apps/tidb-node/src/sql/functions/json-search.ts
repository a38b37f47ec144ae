import { SqlError } from '../errors.js';
import { BOOLEAN_TYPE, JSON_TYPE } from '../types/field-type.js';
import { isJsonObject, JsonDocument, type JsonValue, sortedKeys } from '../types/json.js';
import { compareJson } from '../types/json-order.js';
import { toText } from '../types/text.js';
import type { SqlValue } from '../types/value.js';
import { at, type FunctionTable } from './function.js';
import { member, toJson } from './json.js';
import { editPath, extractPath, type Leg, parsePath, placeIn } from './json-path.js';
import { likeTest } from './like.js';

/** Every value within a document, with the path that leads to it. */
function* placesIn(value: JsonValue, path: string): Generator<{ readonly path: string; readonly value: JsonValue }> {
  yield { path, value };
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) yield* placesIn(each, `${path}[${index}]`);
  } else if (isJsonObject(value)) {
    for (const key of sortedKeys(value)) {
      const leg = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
      yield* placesIn(value[key] ?? null, `${path}.${leg}`);
    }
  }
}

/** Whether a place lies at or below a path, which may have wildcards. */
function leads(path: readonly Leg[], place: readonly Leg[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  if (first.kind === 'descend') return place.some((_, from) => leads(rest, place.slice(from)));
  const [leg, ...below] = place;
  if (leg === undefined) return false;
  const fits =
    first.kind === 'anyKey'
      ? leg.kind === 'key'
      : first.kind === 'anyIndex'
        ? leg.kind === 'index'
        : first.kind === 'key'
          ? leg.kind === 'key' && leg.key === first.key
          : first.kind === 'index' && leg.kind === 'index' && leg.at.offset === first.at.offset;
  return fits && leads(rest, below);
}

const same = (a: JsonValue, b: JsonValue) => compareJson(new JsonDocument(a), new JsonDocument(b)) === 0;

function overlaps(a: JsonValue, b: JsonValue): boolean {
  if (isJsonObject(a) && isJsonObject(b)) {
    return Object.keys(a).some((key) => Object.hasOwn(b, key) && same(a[key] ?? null, b[key] ?? null));
  }
  const list = (value: JsonValue): readonly JsonValue[] => (Array.isArray(value) ? value : [value]);
  return list(a).some((each) => list(b).some((other) => same(each, other)));
}

/** Functions that look through documents. */
export const JSON_SEARCH_FUNCTIONS: FunctionTable = {
  json_search: {
    arity: [3, 255],
    type: () => JSON_TYPE,
    evaluateNulls: ([document = null, which = null, pattern = null, escaping = null, ...paths]) => {
      if (document === null || which === null || pattern === null || paths.includes(null)) return null;
      const amount = toText(which).toLowerCase();
      if (amount !== 'one' && amount !== 'all')
        throw new SqlError(3154, "The oneOrAll argument to json_search may take these values: 'one' or 'all'.");
      const test = likeTest(toText(pattern), escaping === null ? '\\' : toText(escaping), 'utf8mb4_bin');
      const { value } = toJson(document);
      const allowed = paths.map((path) => parsePath(toText(path as Exclude<SqlValue, null>)));
      const within = (place: string) => allowed.length === 0 || allowed.some((path) => leads(path, parsePath(place)));
      const found: string[] = [];
      for (const place of placesIn(value, '$')) {
        if (typeof place.value !== 'string' || !test(place.value) || !within(place.path)) continue;
        if (amount === 'one') return new JsonDocument(place.path);
        found.push(place.path);
      }
      return found.length === 0 ? null : new JsonDocument(found.length === 1 ? (found[0] ?? null) : found);
    },
  },
  json_array_insert: {
    arity: [3, 255],
    type: () => JSON_TYPE,
    evaluateNulls: (args) => {
      const first = args[0] ?? null;
      if (first === null) return null;
      if (args.length % 2 === 0)
        throw new SqlError(1582, "Incorrect parameter count in the call to native function 'json_array_insert'");
      let { value } = toJson(first);
      for (let i = 1; i + 1 < args.length; i += 2) {
        const text = args[i] ?? null;
        if (text === null) return null;
        const path = parsePath(toText(text));
        const last = path.at(-1);
        if (last?.kind !== 'index') throw new SqlError(3165, 'A path expression is not a path to a cell in an array.');
        const around = path.slice(0, -1);
        const [list] = extractPath(value, around);
        if (!Array.isArray(list)) continue;
        const items = [...list];
        items.splice(Math.max(placeIn(items.length, last.at), 0), 0, member(args[i + 1] ?? null));
        value = around.length === 0 ? items : editPath(value, around, items, 'replace');
      }
      return new JsonDocument(value);
    },
  },
  json_overlaps: {
    arity: [2, 2],
    type: () => BOOLEAN_TYPE,
    evaluate: (args) => (overlaps(toJson(at(args, 0)).value, toJson(at(args, 1)).value) ? 1n : 0n),
  },
  json_memberof: {
    arity: [2, 2],
    type: () => BOOLEAN_TYPE,
    evaluate: (args) => {
      const needle = member(at(args, 0));
      const { value } = toJson(at(args, 1));
      const list = Array.isArray(value) ? value : [value];
      return list.some((each) => same(each, needle)) ? 1n : 0n;
    },
  },
};
