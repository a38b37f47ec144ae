import { isJsonObject, type JsonDocument, type JsonValue, sortedKeys } from './json.js';

/** Precedence of JSON types in comparisons, low to high. */
function rank(value: JsonValue): number {
  if (value === null) return 0;
  if (typeof value === 'bigint' || typeof value === 'number') return 1;
  if (typeof value === 'string') return 2;
  if (isJsonObject(value)) return 3;
  return Array.isArray(value) ? 4 : 5;
}

/** Orders two documents: by type first, then within the type. */
export function compareJson(left: JsonDocument, right: JsonDocument): number {
  return compare(left.value, right.value);
}

function compare(left: JsonValue, right: JsonValue): number {
  const difference = rank(left) - rank(right);
  if (difference !== 0) return difference;
  if (typeof left === 'string' && typeof right === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let at = 0; at < Math.min(left.length, right.length); at++) {
      const order = compare(left[at] ?? null, right[at] ?? null);
      if (order !== 0) return order;
    }
    return left.length - right.length;
  }
  if (isJsonObject(left) && isJsonObject(right)) {
    const a = sortedKeys(left);
    const b = sortedKeys(right);
    if (a.length !== b.length) return a.length - b.length;
    for (const [at, key] of a.entries()) {
      const other = b[at] ?? '';
      if (key !== other) return key < other ? -1 : 1;
      const order = compare(left[key] ?? null, right[other] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  }
  if (left === null || right === null) return 0;
  return left < right ? -1 : left > right ? 1 : 0;
}
