import { SqlError } from '../errors.js';
import { Decimal } from '../types/decimal.js';
import { Duration } from '../types/duration.js';
import { INT_TYPE, JSON_TYPE, stringType } from '../types/field-type.js';
import { isJsonObject, JsonDocument, type JsonValue, sortedKeys } from '../types/json.js';
import { compareJson } from '../types/json-order.js';
import { timeInJson } from '../types/json-time.js';
import { toText } from '../types/text.js';
import { DateTime } from '../types/time.js';
import { BinaryLiteral, type SqlValue } from '../types/value.js';
import { at, type FunctionTable, type Present } from './function.js';
import { editPath, extractPath, hasWildcard, parsePath } from './json-path.js';

/** A value as a member of a JSON document: strings become JSON strings. */
export function member(value: SqlValue): JsonValue {
  if (value === null || typeof value === 'bigint' || typeof value === 'number') return value;
  if (value instanceof JsonDocument) return value.value;
  if (value instanceof DateTime || value instanceof Duration) return timeInJson(value);
  if (value instanceof BinaryLiteral) return `base64:type253:${value.bytes.toString('base64')}`;
  return value instanceof Decimal ? value.toNumber() : toText(value);
}

/** A value as a JSON document: strings are read as JSON text. */
export function toJson(value: Present): JsonDocument {
  if (value instanceof JsonDocument) return value;
  return typeof value === 'string' || Buffer.isBuffer(value)
    ? JsonDocument.parse(toText(value))
    : new JsonDocument(member(value));
}

function edit(mode: 'set' | 'insert' | 'replace') {
  return (args: readonly SqlValue[]): SqlValue => {
    const first = args[0] ?? null;
    if (first === null) return null;
    if (args.length % 2 === 0)
      throw new SqlError(1582, `Incorrect parameter count in the call to native function 'json_${mode}'`);
    let { value } = toJson(first);
    for (let i = 1; i + 1 < args.length; i += 2) {
      const path = args[i] ?? null;
      if (path === null) return null;
      value = editPath(value, parsePath(toText(path)), member(args[i + 1] ?? null), mode);
    }
    return new JsonDocument(value);
  };
}

function typeName(value: JsonValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return 'BOOLEAN';
  if (typeof value === 'bigint') return value > (1n << 63n) - 1n ? 'UNSIGNED INTEGER' : 'INTEGER';
  if (typeof value === 'number') return 'DOUBLE';
  if (typeof value === 'string') return 'STRING';
  return Array.isArray(value) ? 'ARRAY' : 'OBJECT';
}

function contains(target: JsonValue, candidate: JsonValue): boolean {
  if (Array.isArray(target)) {
    if (Array.isArray(candidate)) return candidate.every((each) => contains(target, each));
    return target.some((each) => contains(each, candidate));
  }
  if (isJsonObject(target)) {
    return (
      isJsonObject(candidate) &&
      Object.entries(candidate).every(
        ([key, each]) => Object.hasOwn(target, key) && contains(target[key] ?? null, each),
      )
    );
  }
  return compareJson(new JsonDocument(target), new JsonDocument(candidate)) === 0;
}

function depth(value: JsonValue): number {
  if (Array.isArray(value)) return 1 + Math.max(0, ...value.map(depth));
  return isJsonObject(value) ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 1;
}

function mergePreserve(a: JsonValue, b: JsonValue): JsonValue {
  if (isJsonObject(a) && isJsonObject(b)) {
    const merged = new Map(Object.entries(a));
    for (const [key, value] of Object.entries(b)) {
      const present = merged.get(key);
      merged.set(key, present === undefined ? value : mergePreserve(present, value));
    }
    return Object.fromEntries(merged);
  }
  const list = (value: JsonValue): readonly JsonValue[] => (Array.isArray(value) ? value : [value]);
  return [...list(a), ...list(b)];
}

function mergePatch(a: JsonValue, b: JsonValue): JsonValue {
  if (!isJsonObject(b)) return b;
  const merged = new Map(isJsonObject(a) ? Object.entries(a) : []);
  for (const [key, value] of Object.entries(b)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key) ?? null, value));
  }
  return Object.fromEntries(merged);
}

export const JSON_FUNCTIONS: FunctionTable = {
  json_extract: {
    arity: [2, 255],
    type: () => JSON_TYPE,
    evaluate: ([document = '', ...paths]) => {
      const { value } = toJson(document);
      const parsed = paths.map((each) => parsePath(toText(each)));
      const found = parsed.flatMap((path) => extractPath(value, path));
      if (found.length === 0) return null;
      const single = parsed.length === 1 && !parsed.some(hasWildcard);
      return new JsonDocument(single ? (found[0] ?? null) : found);
    },
  },
  json_unquote: {
    arity: [1, 1],
    type: () => stringType(65_535),
    evaluate: ([v = '']) => {
      if (v instanceof JsonDocument) return typeof v.value === 'string' ? v.value : v.toString();
      const text = toText(v);
      return text.startsWith('"') && text.endsWith('"') && text.length > 1
        ? toText(JsonDocument.parse(text).value as string)
        : text;
    },
  },
  json_object: {
    arity: [0, 255],
    type: () => JSON_TYPE,
    evaluateNulls: (args) => {
      if (args.length % 2 === 1)
        throw new SqlError(1582, "Incorrect parameter count in the call to native function 'json_object'");
      const members = new Map<string, JsonValue>();
      for (let i = 0; i < args.length; i += 2) {
        const key = args[i] ?? null;
        if (key === null) throw new SqlError(1105, 'JSON documents may not contain NULL member names');
        members.set(toText(key), member(args[i + 1] ?? null));
      }
      return new JsonDocument(Object.fromEntries(members));
    },
  },
  json_array: { arity: [0, 255], type: () => JSON_TYPE, evaluateNulls: (args) => new JsonDocument(args.map(member)) },
  json_set: { arity: [3, 255], type: () => JSON_TYPE, evaluateNulls: edit('set') },
  json_insert: { arity: [3, 255], type: () => JSON_TYPE, evaluateNulls: edit('insert') },
  json_replace: { arity: [3, 255], type: () => JSON_TYPE, evaluateNulls: edit('replace') },
  json_remove: {
    arity: [2, 255],
    type: () => JSON_TYPE,
    evaluate: ([document = '', ...paths]) =>
      new JsonDocument(
        paths.reduce<JsonValue>(
          (value, path) => editPath(value, parsePath(toText(path)), null, 'remove'),
          toJson(document).value,
        ),
      ),
  },
  json_valid: {
    arity: [1, 1],
    type: () => INT_TYPE,
    evaluate: ([v = '']) => {
      if (v instanceof JsonDocument) return 1n;
      if (typeof v !== 'string' && !Buffer.isBuffer(v)) return 0n;
      try {
        JsonDocument.parse(toText(v));
        return 1n;
      } catch {
        return 0n;
      }
    },
  },
  json_type: { arity: [1, 1], type: () => stringType(51), evaluate: ([v = '']) => typeName(toJson(v).value) },
  json_quote: {
    arity: [1, 1],
    type: () => stringType(65_535),
    evaluate: ([v = '']) => new JsonDocument(toText(v)).toString(),
  },
  json_length: {
    arity: [1, 2],
    type: () => INT_TYPE,
    evaluate: ([document = '', path]) => {
      let value: JsonValue | undefined = toJson(document).value;
      if (path !== undefined) [value] = extractPath(value, parsePath(toText(path)));
      if (value === undefined) return null;
      return BigInt(Array.isArray(value) ? value.length : isJsonObject(value) ? Object.keys(value).length : 1);
    },
  },
  json_depth: { arity: [1, 1], type: () => INT_TYPE, evaluate: ([v = '']) => BigInt(depth(toJson(v).value)) },
  json_keys: {
    arity: [1, 2],
    type: () => JSON_TYPE,
    evaluate: ([document = '', path]) => {
      let value: JsonValue | undefined = toJson(document).value;
      if (path !== undefined) [value] = extractPath(value, parsePath(toText(path)));
      return value !== undefined && isJsonObject(value) ? new JsonDocument(sortedKeys(value)) : null;
    },
  },
  json_contains: {
    arity: [2, 3],
    type: () => INT_TYPE,
    evaluate: ([document = '', candidate = '', path]) => {
      let value: JsonValue | undefined = toJson(document).value;
      if (path !== undefined) [value] = extractPath(value, parsePath(toText(path)));
      return value === undefined ? null : contains(value, toJson(candidate).value) ? 1n : 0n;
    },
  },
  json_contains_path: {
    arity: [3, 255],
    type: () => INT_TYPE,
    evaluate: ([document = '', which = '', ...paths]) => {
      const { value } = toJson(document);
      const found = paths.map((each) => extractPath(value, parsePath(toText(each))).length > 0);
      return (toText(which).toLowerCase() === 'all' ? found.every(Boolean) : found.some(Boolean)) ? 1n : 0n;
    },
  },
  json_merge_preserve: {
    arity: [2, 255],
    type: () => JSON_TYPE,
    evaluate: (args) =>
      new JsonDocument(
        args.slice(1).reduce<JsonValue>((v, each) => mergePreserve(v, toJson(each).value), toJson(at(args, 0)).value),
      ),
  },
  json_merge: {
    arity: [2, 255],
    type: () => JSON_TYPE,
    evaluate: (args) =>
      new JsonDocument(
        args.slice(1).reduce<JsonValue>((v, each) => mergePreserve(v, toJson(each).value), toJson(at(args, 0)).value),
      ),
  },
  json_merge_patch: {
    arity: [2, 255],
    type: () => JSON_TYPE,
    evaluate: (args) =>
      new JsonDocument(
        args.slice(1).reduce<JsonValue>((v, each) => mergePatch(v, toJson(each).value), toJson(at(args, 0)).value),
      ),
  },
  json_array_append: {
    arity: [3, 255],
    type: () => JSON_TYPE,
    evaluateNulls: (args) => {
      const first = args[0] ?? null;
      if (first === null) return null;
      let { value } = toJson(first);
      for (let i = 1; i + 1 < args.length; i += 2) {
        const path = parsePath(toText(args[i] ?? '$'));
        const [found] = extractPath(value, path);
        if (found === undefined) continue;
        const list: readonly JsonValue[] = Array.isArray(found) ? found : [found];
        value = editPath(value, path, [...list, member(args[i + 1] ?? null)], 'replace');
      }
      return new JsonDocument(value);
    },
  },
  json_pretty: { arity: [1, 1], type: () => stringType(65_535), evaluate: ([v = '']) => pretty(toJson(v).value, '') },
};

function pretty(value: JsonValue, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value) && value.length > 0)
    return `[\n${value.map((each) => inner + pretty(each, inner)).join(',\n')}\n${indent}]`;
  if (isJsonObject(value) && Object.keys(value).length > 0) {
    return `{\n${sortedKeys(value)
      .map((key) => `${inner}${JSON.stringify(key)}: ${pretty(value[key] ?? null, inner)}`)
      .join(',\n')}\n${indent}}`;
  }
  return new JsonDocument(value).toString();
}
