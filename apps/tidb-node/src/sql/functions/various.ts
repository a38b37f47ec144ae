import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { deflateSync, inflateSync } from 'node:zlib';
import { SqlError } from '../errors.js';
import { bytesType, INT_TYPE, stringType, textType } from '../types/field-type.js';
import { toDouble, toInteger } from '../types/number.js';
import { toBytes, toText } from '../types/text.js';
import { truncated } from './context.js';
import { at, type FunctionTable } from './function.js';

const FORMATS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  DATE: { USA: '%m.%d.%Y', JIS: '%Y-%m-%d', ISO: '%Y-%m-%d', EUR: '%d.%m.%Y', INTERNAL: '%Y%m%d' },
  DATETIME: {
    USA: '%Y-%m-%d %H.%i.%s',
    JIS: '%Y-%m-%d %H:%i:%s',
    ISO: '%Y-%m-%d %H:%i:%s',
    EUR: '%Y-%m-%d %H.%i.%s',
    INTERNAL: '%Y%m%d%H%i%s',
  },
  TIME: { USA: '%h:%i:%s %p', JIS: '%H:%i:%s', ISO: '%H:%i:%s', EUR: '%H.%i.%s', INTERNAL: '%H%i%s' },
};

/** A number in the largest of these units that leaves at least one. */
function inUnits(value: number, units: readonly (readonly [number, string])[], smallest: string): string {
  for (const [size, name] of units)
    if (Math.abs(value) >= size) {
      const scaled = value / size;
      return `${Math.abs(scaled) >= 1e5 ? scaled.toExponential(2) : scaled.toFixed(2)} ${name}`;
    }
  return `${Math.trunc(value)} ${smallest}`;
}

const BYTE_UNITS = ['EiB', 'PiB', 'TiB', 'GiB', 'MiB', 'KiB'].map((name, at): [number, string] => [
  2 ** (60 - 10 * at),
  name,
]);
const TIME_UNITS: readonly (readonly [number, string])[] = [
  [86_400e9, 'd'],
  [3600e9, 'h'],
  [60e9, 'min'],
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
];

/** A key of any length as MySQL makes one of 16 bytes from it. */
function foldedKey(key: Buffer): Buffer {
  const folded = Buffer.alloc(16);
  for (const [at, byte] of key.entries()) folded[at % 16] = (folded[at % 16] ?? 0) ^ byte;
  return folded;
}

const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest();

/** Functions that belong to no other family. */
export const VARIOUS_FUNCTIONS: FunctionTable = {
  get_format: {
    arity: [2, 2],
    type: () => stringType(17),
    evaluate: ([kind = '', region = '']) =>
      FORMATS[toText(kind) === 'TIMESTAMP' ? 'DATETIME' : toText(kind)]?.[toText(region).toUpperCase()] ?? '',
  },
  translate: {
    arity: [3, 3],
    type: (args) => textType(at(args, 0).Flen, args, 'translate'),
    evaluate: ([text = '', from = '', to = '']) => {
      const [old, fresh] = [[...toText(from)], [...toText(to)]];
      return [...toText(text)]
        .map((char) => {
          const place = old.indexOf(char);
          return place < 0 ? char : (fresh[place] ?? '');
        })
        .join('');
    },
  },
  format_bytes: {
    arity: [1, 1],
    type: () => stringType(64),
    evaluate: ([v = 0n], c) => inUnits(toDouble(v, truncated(c)), BYTE_UNITS, 'bytes'),
  },
  format_nano_time: {
    arity: [1, 1],
    type: () => stringType(64),
    evaluate: ([v = 0n], c) => inUnits(toDouble(v, truncated(c)), TIME_UNITS, 'ns'),
  },
  load_file: { arity: [1, 1], type: () => stringType(64), evaluateNulls: () => null },
  password: {
    arity: [1, 1],
    type: () => stringType(41),
    evaluateNulls: ([v = null], c) => {
      if (v === null) return null;
      if (toText(v) === '') return '';
      c.session.warn('Warning', 1681, "'PASSWORD' is deprecated and will be removed in a future release.");
      return `*${sha1(sha1(toBytes(v)))
        .toString('hex')
        .toUpperCase()}`;
    },
  },
  aes_encrypt: {
    arity: [2, 3],
    type: (args) => bytesType(at(args, 0).Flen + 16),
    evaluate: ([v = '', key = '']) => {
      const cipher = createCipheriv('aes-128-ecb', foldedKey(toBytes(key)), null);
      return Buffer.concat([cipher.update(toBytes(v)), cipher.final()]);
    },
  },
  aes_decrypt: {
    arity: [2, 3],
    type: (args) => bytesType(at(args, 0).Flen),
    evaluate: ([v = '', key = '']) => {
      const decipher = createDecipheriv('aes-128-ecb', foldedKey(toBytes(key)), null);
      try {
        return Buffer.concat([decipher.update(toBytes(v)), decipher.final()]);
      } catch {
        // What another key, or nothing, has encrypted.
        return null;
      }
    },
  },
  random_bytes: {
    arity: [1, 1],
    volatile: true,
    type: () => bytesType(1024),
    evaluate: ([v = 0n], c) => {
      const length = toInteger(v, truncated(c));
      if (length < 1n || length > 1024n) throw new SqlError(1690, "length value is out of range in 'random_bytes'");
      return randomBytes(Number(length));
    },
  },
  compress: {
    arity: [1, 1],
    type: (args) => bytesType(at(args, 0).Flen + 20),
    evaluate: ([v = '']) => {
      const bytes = toBytes(v);
      if (bytes.length === 0) return Buffer.alloc(0);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      const packed = deflateSync(bytes);
      // A space at the end would be lost in a CHAR column.
      return Buffer.concat([length, packed, packed.at(-1) === 0x20 ? Buffer.from('.') : Buffer.alloc(0)]);
    },
  },
  uncompress: {
    arity: [1, 1],
    type: () => bytesType(65_535),
    evaluate: ([v = ''], c) => {
      const bytes = toBytes(v);
      if (bytes.length === 0) return Buffer.alloc(0);
      try {
        if (bytes.length <= 4) throw new RangeError('the length is missing');
        return inflateSync(bytes.subarray(4), { maxOutputLength: 64 << 20 });
      } catch {
        c.session.warn('Warning', 1259, 'ZLIB: Input data corrupted');
        return null;
      }
    },
  },
  uncompressed_length: {
    arity: [1, 1],
    type: () => INT_TYPE,
    evaluate: ([v = ''], c) => {
      const bytes = toBytes(v);
      if (bytes.length === 0) return 0n;
      if (bytes.length > 4) return BigInt(bytes.readUInt32LE(0));
      c.session.warn('Warning', 1259, 'ZLIB: Input data corrupted');
      return 0n;
    },
  },
};
