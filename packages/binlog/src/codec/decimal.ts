import { BinlogError } from '../errors.js';
import type { ByteReader } from './byte-reader.js';

/** The most digits a decimal has inside TiDB: nine words of nine. A column has at most 65. */
export const maxDecimalDigits = 81;

/** Bytes for 0 to 9 digits. */
const bytesForDigits: readonly number[] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/** A decimal number as text, with the digits that its type has in all (`precision`) and after the point (`fraction`). */
export interface DecimalValue {
  readonly text: string;
  readonly precision: number;
  readonly fraction: number;
}

interface Digits {
  readonly negative: boolean;
  /** Without leading zeros; '' for none. */
  readonly whole: string;
  readonly fraction: string;
}

function parse(text: string): Digits {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (match === null || whole.length + fraction.length === 0) {
    throw new BinlogError(
      'INVALID_VALUE',
      `${JSON.stringify(text)} is no decimal number: digits with at most one point are`,
    );
  }
  return { negative: match[1] === '-', whole: whole.replace(/^0+/, ''), fraction };
}

/**
 * A decimal as its text shows it: as many digits after the point as are written, and no leading zeros counted.
 *
 * @throws BinlogError `INVALID_VALUE` for a text that is no number or has more than 81 digits.
 */
export function decimalOf(text: string): DecimalValue {
  const { whole, fraction } = parse(text);
  const precision = Math.max(whole.length + fraction.length, 1);
  checkSize(precision, fraction.length, 'INVALID_VALUE');
  return { text, precision, fraction: fraction.length };
}

function checkSize(precision: number, fraction: number, code: 'INVALID_VALUE' | 'MALFORMED'): void {
  if (precision < 1 || precision > maxDecimalDigits || fraction > precision) {
    throw new BinlogError(
      code,
      `a decimal of ${precision} digits, ${fraction} of them after the point: 1 to ${maxDecimalDigits} are possible`,
    );
  }
}

/**
 * MyDecimal's comparable form: nine digits in four bytes, big-endian, the digits before the point filled up on the left and those
 * after it on the right; the top bit flipped, and all bits of a negative number.
 *
 * @throws BinlogError `INVALID_VALUE` for a number that the precision cannot hold exactly.
 */
export function decimalBytes({ text, precision, fraction }: DecimalValue): Buffer {
  checkSize(precision, fraction, 'INVALID_VALUE');
  const digits = parse(text);
  const wholeDigits = precision - fraction;
  const kept = digits.fraction.slice(0, fraction);
  if (digits.whole.length > wholeDigits || /[1-9]/.test(digits.fraction.slice(fraction))) {
    throw new BinlogError('INVALID_VALUE', `${text} does not fit DECIMAL(${precision},${fraction}); round it first`);
  }
  const whole = digits.whole.padStart(wholeDigits, '0');
  const parts = whole + kept.padEnd(fraction, '0');
  const bytes = Buffer.allocUnsafe(decimalSize(precision, fraction));
  let at = 0;
  let from = 0;
  const put = (count: number) => {
    if (count === 0) return;
    const size = bytesForDigits[count] ?? 0;
    bytes.writeUIntBE(Number(parts.slice(from, from + count)), at, size);
    at += size;
    from += count;
  };
  put(wholeDigits % 9);
  while (from < wholeDigits) put(9);
  while (precision - from >= 9) put(9);
  put(precision - from);
  const negative = digits.negative && /[1-9]/.test(parts);
  if (negative) for (let i = 0; i < bytes.length; i++) bytes[i] = ~(bytes[i] ?? 0);
  bytes[0] = (bytes[0] ?? 0) ^ 0x80;
  return bytes;
}

function decimalSize(precision: number, fraction: number): number {
  const whole = precision - fraction;
  const part = (digits: number) => Math.floor(digits / 9) * 4 + (bytesForDigits[digits % 9] ?? 0);
  return part(whole) + part(fraction);
}

/**
 * Reads what {@link decimalBytes} writes. The text has exactly `fraction` digits after the point, and no minus before zero.
 *
 * @throws BinlogError `MALFORMED`
 */
export function readDecimal(reader: ByteReader, precision: number, fraction: number): string {
  checkSize(precision, fraction, 'MALFORMED');
  const raw = Buffer.from(reader.take(decimalSize(precision, fraction)));
  const negative = ((raw[0] ?? 0) & 0x80) === 0;
  raw[0] = (raw[0] ?? 0) ^ 0x80;
  if (negative) for (let i = 0; i < raw.length; i++) raw[i] = ~(raw[i] ?? 0);
  let at = 0;
  const take = (count: number): string => {
    if (count === 0) return '';
    const size = bytesForDigits[count] ?? 0;
    const group = String(raw.readUIntBE(at, size)).padStart(count, '0');
    if (group.length > count) {
      throw new BinlogError('MALFORMED', `a group of ${count} decimal digits holds ${group}`);
    }
    at += size;
    return group;
  };
  const wholeDigits = precision - fraction;
  let whole = take(wholeDigits % 9);
  for (let i = 0; i < Math.floor(wholeDigits / 9); i++) whole += take(9);
  let after = '';
  for (let i = 0; i < Math.floor(fraction / 9); i++) after += take(9);
  after += take(fraction % 9);
  const sign = negative && /[1-9]/.test(whole + after) ? '-' : '';
  const front = whole.replace(/^0+/, '') || '0';
  return fraction === 0 ? `${sign}${front}` : `${sign}${front}.${after}`;
}
