import { ColumnFlag, type FieldType } from './column-info.js';

/** Bytes of the whole-number types, by MySQL's type byte. */
const integerBytes: Readonly<Record<number, number>> = { 1: 1, 2: 2, 9: 3, 3: 4, 8: 8 };
const char = 254;
const varchars: ReadonlySet<number> = new Set([15, 253]);
const blobBytes: Readonly<Record<number, number>> = { 249: 1, 252: 2, 250: 3, 251: 4 };
const floats: ReadonlySet<number> = new Set([4, 5]);
const decimal = 246;
const enumAndSet: ReadonlySet<number> = new Set([247, 248]);

/**
 * Whether values that are stored as one type have to be rewritten to be stored as another (TiDB's needChangeColumnData). A type that
 * only grows does not: its old values are valid as they lie.
 */
export function needsRewrite(from: FieldType, to: FieldType): boolean {
  const unsigned = (type: FieldType) => (type.Flag & ColumnFlag.Unsigned) !== 0;
  const [fromBytes, toBytes] = [integerBytes[from.Tp], integerBytes[to.Tp]];
  if (fromBytes !== undefined && toBytes !== undefined) {
    return toBytes < fromBytes || unsigned(from) !== unsigned(to);
  }
  if (isText(from.Tp) && isText(to.Tp)) {
    return rewritesText(from, to);
  }
  if (floats.has(from.Tp) && floats.has(to.Tp)) {
    return (
      to.Tp < from.Tp ||
      shrinks(from.Flen, to.Flen) ||
      shrinks(from.Decimal, to.Decimal) ||
      unsigned(from) !== unsigned(to)
    );
  }
  if (from.Tp !== to.Tp) {
    return true;
  }
  if (from.Tp === decimal) {
    return from.Flen !== to.Flen || from.Decimal !== to.Decimal || unsigned(from) !== unsigned(to);
  }
  if (enumAndSet.has(from.Tp)) {
    // Stored by number: members may be appended, nothing else.
    return (from.Elems ?? []).some((element, at) => to.Elems?.[at] !== element);
  }
  return shrinks(from.Decimal, to.Decimal);
}

function rewritesText(from: FieldType, to: FieldType): boolean {
  const [fromBlob, toBlob] = [blobBytes[from.Tp], blobBytes[to.Tp]];
  if (fromBlob !== undefined && toBlob !== undefined) {
    return toBlob < fromBlob;
  }
  // CHAR pads and VARCHAR does not, so the one cannot be read as the other.
  const kind = (tp: number) => (tp === char ? 'char' : varchars.has(tp) ? 'varchar' : 'blob');
  if (kind(from.Tp) !== kind(to.Tp) || shrinks(from.Flen, to.Flen) || from.Charset !== to.Charset) return true;
  // BINARY holds its padding.
  return from.Tp === char && from.Charset === 'binary' && from.Flen !== to.Flen;
}

function isText(tp: number): boolean {
  return tp === char || varchars.has(tp) || blobBytes[tp] !== undefined;
}

/** A negative length means: as much as the type has. */
function shrinks(from: number, to: number): boolean {
  return to >= 0 && (from < 0 || to < from);
}
