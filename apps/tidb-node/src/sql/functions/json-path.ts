import { SqlError } from '../errors.js';
import { isJsonObject, type JsonValue } from '../types/json.js';

export type Leg =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'anyKey' | 'anyIndex' | 'descend' };

/** Reads a path: `$`, `.key`, `."quoted key"`, `[n]`, `.*`, `[*]`, `**`. Error 3143 names the place. */
export function parsePath(text: string): readonly Leg[] {
  const legs: Leg[] = [];
  const pattern =
    /\s*(?:\.\s*(?:(\*)|([A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*)|("(?:[^"\\]|\\.)*"))|\[\s*(?:(\*)|(\d+))\s*\]|(\*\*))/y;
  const body = text.trim();
  if (!body.startsWith('$')) throw invalidPath(1);
  pattern.lastIndex = 1;
  while (pattern.lastIndex < body.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(body);
    if (match === null) throw invalidPath(from);
    if (match[1] !== undefined) legs.push({ kind: 'anyKey' });
    else if (match[2] !== undefined) legs.push({ kind: 'key', key: match[2] });
    else if (match[3] !== undefined) legs.push({ kind: 'key', key: String(JSON.parse(match[3])) });
    else if (match[4] !== undefined) legs.push({ kind: 'anyIndex' });
    else if (match[5] !== undefined) legs.push({ kind: 'index', index: Number(match[5]) });
    else legs.push({ kind: 'descend' });
  }
  if (legs[legs.length - 1]?.kind === 'descend') throw invalidPath(body.length);
  return legs;
}

function invalidPath(position: number): SqlError {
  return new SqlError(3143, `Invalid JSON path expression. The error is around character position ${position}.`);
}

export function hasWildcard(path: readonly Leg[]): boolean {
  return path.some(({ kind }) => kind !== 'key' && kind !== 'index');
}

/** All values a path leads to. */
export function extractPath(value: JsonValue, path: readonly Leg[]): JsonValue[] {
  const [leg, ...rest] = path;
  if (leg === undefined) return [value];
  switch (leg.kind) {
    case 'key':
      return isJsonObject(value) && leg.key in value ? extractPath(value[leg.key] ?? null, rest) : [];
    case 'index': {
      const list: readonly JsonValue[] = Array.isArray(value) ? value : [value];
      return leg.index < list.length ? extractPath(list[leg.index] ?? null, rest) : [];
    }
    case 'anyKey':
      return isJsonObject(value) ? Object.values(value).flatMap((each) => extractPath(each, rest)) : [];
    case 'anyIndex':
      return Array.isArray(value) ? value.flatMap((each) => extractPath(each, rest)) : [];
    case 'descend': {
      const children: readonly JsonValue[] = Array.isArray(value)
        ? value
        : isJsonObject(value)
          ? Object.values(value)
          : [];
      return [...extractPath(value, rest), ...children.flatMap((each) => extractPath(each, path))];
    }
  }
}

/** The document with the value at a path set, inserted, replaced or removed. Error 1105 for a path with wildcards. */
export function editPath(
  document: JsonValue,
  path: readonly Leg[],
  value: JsonValue,
  mode: 'set' | 'insert' | 'replace' | 'remove',
): JsonValue {
  if (hasWildcard(path)) {
    throw new SqlError(1105, 'Invalid path expression');
  }
  const [leg, ...rest] = path;
  if (leg === undefined) {
    if (mode === 'remove') throw new SqlError(3153, "The path expression '$' is not allowed in this context.");
    return mode === 'insert' ? document : value;
  }
  if (leg.kind === 'key') {
    if (!isJsonObject(document)) return document;
    if (leg.key in document) {
      if (rest.length === 0 && mode === 'remove') {
        const { [leg.key]: _removed, ...kept } = document;
        return kept;
      }
      return { ...document, [leg.key]: editPath(document[leg.key] ?? null, rest, value, mode) };
    }
    return rest.length === 0 && (mode === 'set' || mode === 'insert') ? { ...document, [leg.key]: value } : document;
  }
  if (leg.kind !== 'index') return document;
  const list: readonly JsonValue[] = Array.isArray(document) ? document : [document];
  if (leg.index < list.length) {
    if (rest.length === 0 && mode === 'remove')
      return Array.isArray(document) ? list.filter((_, at) => at !== leg.index) : document;
    const edited = list.map((each, at) => (at === leg.index ? editPath(each, rest, value, mode) : each));
    return Array.isArray(document) ? edited : (edited[0] ?? null);
  }
  return rest.length === 0 && (mode === 'set' || mode === 'insert') ? [...list, value] : document;
}
