import { SqlError } from '../errors.js';
import { isJsonObject, type JsonObject, type JsonValue, sortedKeys } from '../types/json.js';

/** A place in an array, from its beginning, or from its last member backwards. */
interface Place {
  readonly offset: number;
  readonly fromLast: boolean;
}

export type Leg =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly at: Place }
  | { readonly kind: 'range'; readonly from: Place; readonly to: Place }
  | { readonly kind: 'anyKey' | 'anyIndex' | 'descend' };

/** Which member of an array of this length a place is; negative where there is none before the first. */
export function placeIn(length: number, { offset, fromLast }: Place): number {
  return fromLast ? length - 1 - offset : offset;
}

function parsePlace(text: string): Place {
  const fromLast = text.startsWith('last');
  return { offset: Number(text.replace(/[^\d]/g, '')), fromLast };
}

/**
 * Reads a path: `$`, `.key`, `."quoted key"`, `[n]`, `[last]`, `[last - n]`, `[n to m]`, `.*`, `[*]`, `**`. Error 3143 names the place.
 */
export function parsePath(text: string): readonly Leg[] {
  const legs: Leg[] = [];
  const pattern =
    /\s*(?:\.\s*(?:(\*)|([A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*)|("(?:[^"\\]|\\.)*"))|\[\s*(?:(\*)|(\d+|last(?:\s*-\s*\d+)?)(?:\s+to\s+(\d+|last(?:\s*-\s*\d+)?))?)\s*\]|(\*\*))/y;
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
    else if (match[5] !== undefined && match[6] !== undefined)
      legs.push({ kind: 'range', from: parsePlace(match[5]), to: parsePlace(match[6]) });
    else if (match[5] !== undefined) legs.push({ kind: 'index', at: parsePlace(match[5]) });
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
      return isJsonObject(value) && Object.hasOwn(value, leg.key) ? extractPath(value[leg.key] ?? null, rest) : [];
    case 'index': {
      const list: readonly JsonValue[] = Array.isArray(value) ? value : [value];
      const member = list[placeIn(list.length, leg.at)];
      return member === undefined ? [] : extractPath(member, rest);
    }
    case 'range': {
      const list: readonly JsonValue[] = Array.isArray(value) ? value : [value];
      const from = Math.max(placeIn(list.length, leg.from), 0);
      return list.slice(from, placeIn(list.length, leg.to) + 1).flatMap((each) => extractPath(each, rest));
    }
    case 'anyKey':
      return isJsonObject(value) ? membersOf(value).flatMap((each) => extractPath(each, rest)) : [];
    case 'anyIndex':
      return Array.isArray(value) ? value.flatMap((each) => extractPath(each, rest)) : [];
    case 'descend': {
      const children: readonly JsonValue[] = Array.isArray(value) ? value : isJsonObject(value) ? membersOf(value) : [];
      return [...extractPath(value, rest), ...children.flatMap((each) => extractPath(each, path))];
    }
  }
}

function membersOf(value: JsonObject): JsonValue[] {
  return sortedKeys(value).map((key) => value[key] ?? null);
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
    if (Object.hasOwn(document, leg.key)) {
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
  const place = placeIn(list.length, leg.at);
  if (place < list.length) {
    if (rest.length === 0 && mode === 'remove')
      return Array.isArray(document) ? list.filter((_, at) => at !== place) : document;
    const edited = list.map((each, at) => (at === place ? editPath(each, rest, value, mode) : each));
    return Array.isArray(document) ? edited : (edited[0] ?? null);
  }
  return rest.length === 0 && (mode === 'set' || mode === 'insert') ? [...list, value] : document;
}
