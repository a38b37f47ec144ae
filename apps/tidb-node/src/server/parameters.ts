import { isUtf8 } from 'node:buffer';
import { Decimal } from '../sql/types/decimal.js';
import { Duration } from '../sql/types/duration.js';
import { DateTime } from '../sql/types/time.js';
import type { SqlValue } from '../sql/types/value.js';
import { MalformedPacket, type PayloadReader } from './payload.js';
import { FieldType } from './rows.js';

/** What an execution may leave out because an earlier one, or COM_STMT_SEND_LONG_DATA, has sent it. */
export interface BoundParameters {
  /** Protocol type and unsigned flag of each parameter, as bound last. */
  types: readonly number[] | undefined;
  /** Values that arrived in pieces, by parameter. */
  readonly longData: Map<number, Buffer[]>;
}

const UNSIGNED = 0x8000;

/** The values of a COM_STMT_EXECUTE, from its bitmap of NULLs on. */
export function readParameters(reader: PayloadReader, bound: BoundParameters, count: number): SqlValue[] {
  if (count === 0) return [];
  const nulls = reader.take((count + 7) >> 3);
  if (reader.uint8() === 1) {
    bound.types = Array.from({ length: count }, () => reader.uint16());
  }
  const { types } = bound;
  if (types === undefined)
    throw new MalformedPacket('the first execution of a statement must bind types to its parameters');
  return types.map((type, i) => {
    const pieces = bound.longData.get(i);
    if (pieces !== undefined) return textOrBytes(Buffer.concat(pieces));
    if (((nulls[i >> 3] ?? 0) >> (i & 7)) & 1) return null;
    return readValue(reader, type & 0xff, (type & UNSIGNED) !== 0);
  });
}

function readValue(reader: PayloadReader, type: number, unsigned: boolean): SqlValue {
  switch (type) {
    case FieldType.Null:
      return null;
    case FieldType.Tiny:
      return BigInt(unsigned ? reader.uint8() : reader.int8());
    case FieldType.Short:
    case FieldType.Year:
      return BigInt(unsigned ? reader.uint16() : reader.int16());
    case FieldType.Int24:
    case FieldType.Long:
      return BigInt(unsigned ? reader.uint32() : reader.int32());
    case FieldType.LongLong:
      return unsigned ? reader.uint64() : reader.int64();
    case FieldType.Float:
      return reader.float();
    case FieldType.Double:
      return reader.double();
    case FieldType.Date:
    case FieldType.DateTime:
    case FieldType.Timestamp:
      return readDateTime(reader, type);
    case FieldType.Time:
      return readDuration(reader);
    case 0:
    case 246: {
      const text = reader.lenencBytes().toString();
      const value = Decimal.parse(text);
      if (value === undefined) throw new MalformedPacket(`'${text}' is not a decimal`);
      return value;
    }
    default:
      if (type < 15) throw new MalformedPacket(`a parameter of type ${type} is unknown`);
      return textOrBytes(reader.lenencBytes());
  }
}

/** A string is text where it is UTF-8, and bytes otherwise: drivers bind a blob's bytes under the types of text too. */
function textOrBytes(bytes: Buffer): string | Buffer {
  return isUtf8(bytes) ? bytes.toString('utf8') : Buffer.from(bytes);
}

function readDateTime(reader: PayloadReader, type: number): DateTime {
  const kind = type === FieldType.Date ? 'date' : type === FieldType.Timestamp ? 'timestamp' : 'datetime';
  const length = reader.uint8();
  if (![0, 4, 7, 11].includes(length)) throw new MalformedPacket(`a date of ${length} bytes; 0, 4, 7 and 11 are legal`);
  if (length === 0) return new DateTime(kind, 0, 0, 0);
  const [year, month, day] = [reader.uint16(), reader.uint8(), reader.uint8()];
  const [hour, minute, second] = length > 4 ? [reader.uint8(), reader.uint8(), reader.uint8()] : [0, 0, 0];
  const micro = length > 7 ? reader.uint32() : 0;
  return new DateTime(kind, year, month, day, hour, minute, second, micro, micro === 0 ? 0 : 6);
}

function readDuration(reader: PayloadReader): Duration {
  const length = reader.uint8();
  if (![0, 8, 12].includes(length)) throw new MalformedPacket(`a time of ${length} bytes; 0, 8 and 12 are legal`);
  if (length === 0) return new Duration(0);
  const negative = reader.uint8() === 1;
  const days = reader.uint32();
  const [hour, minute, second] = [reader.uint8(), reader.uint8(), reader.uint8()];
  const micro = length > 8 ? reader.uint32() : 0;
  return Duration.fromParts(negative, days * 24 + hour, minute, second, micro, micro === 0 ? 0 : 6);
}
