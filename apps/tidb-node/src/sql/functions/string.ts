import { isAscii } from 'node:buffer';
import { createHash, randomUUID } from 'node:crypto';
import { SqlError } from '../errors.js';
import { compareStrings, foldCharacters, isCaseInsensitive } from '../types/charset.js';
import { compareValues } from '../types/compare.js';
import {
  bytesType,
  type FieldType,
  INT_TYPE,
  isBinaryString,
  stringType,
  textType,
  UINT_TYPE,
} from '../types/field-type.js';
import { toDecimal, toInteger } from '../types/number.js';
import { toBytes, toText } from '../types/text.js';
import type { SqlValue } from '../types/value.js';
import { truncated } from './context.js';
import { at, type FunctionTable, type Present, type StrictFunction } from './function.js';

const MAX_LENGTH = 67_108_864;

function sameString(args: readonly FieldType[]): FieldType {
  const type = at(args, 0);
  return isBinaryString(type) ? bytesType(Math.max(type.Flen, 0)) : textType(Math.max(type.Flen, 0), args, 'function');
}

function concatType(args: readonly FieldType[]): FieldType {
  const length = args.reduce((sum, each) => sum + Math.max(each.Flen, 0), 0);
  return args.some(isBinaryString) ? bytesType(length) : textType(length, args, 'concat');
}

/** A function from texts to a text. */
function texts(arity: readonly [number, number], compute: (...values: string[]) => string | null): StrictFunction {
  return { arity, type: sameString, evaluate: (args) => compute(...args.map(toText)) };
}

/** A text by its characters, so that an emoji is one. */
function chars(value: Present): readonly string[] {
  const text = toText(value);
  return /^[\0-\uD7FF]*$/.test(text) ? text.split('') : [...text];
}

/** SUBSTRING over bytes or characters: 1-based, from the end when negative. */
function substring(args: readonly Present[], length: number | undefined, start: number): SqlValue {
  const value = at(args, 0);
  const items = Buffer.isBuffer(value) ? value : chars(value);
  const from = start > 0 ? start - 1 : start < 0 ? items.length + start : -1;
  const end = length === undefined ? items.length : from + length;
  const empty = from < 0 || from >= items.length || end <= from;
  if (Buffer.isBuffer(items)) return empty ? Buffer.alloc(0) : items.subarray(from, end);
  return empty ? '' : items.slice(from, end).join('');
}

function number(args: readonly Present[], index: number): number {
  return Number(toInteger(at(args, index), () => undefined));
}

function padded(side: 'left' | 'right'): StrictFunction {
  return {
    arity: [3, 3],
    type: sameString,
    evaluate: (args) => {
      const text = chars(at(args, 0));
      const length = number(args, 1);
      const fill = chars(at(args, 2));
      if (length < 0 || length > MAX_LENGTH) return null;
      if (text.length >= length) return text.slice(0, length).join('');
      if (fill.length === 0) return null;
      const missing = length - text.length;
      const padding = fill.join('').repeat(Math.ceil(missing / fill.length));
      const cut = [...padding].slice(0, missing).join('');
      return side === 'left' ? cut + text.join('') : text.join('') + cut;
    },
  };
}

function trimmed(sides: 'both' | 'left' | 'right') {
  return (text: string, remove = ' '): string => {
    let result = text;
    if (remove === '') return result;
    if (sides !== 'right') while (result.startsWith(remove)) result = result.slice(remove.length);
    if (sides !== 'left') while (result.endsWith(remove)) result = result.slice(0, -remove.length);
    return result;
  };
}

/** Place of a text in another, 1-based in characters; 0 when it is not there. */
function locate(needle: string, text: string, from: number, collate: string): bigint {
  const fold = (each: string) => foldCharacters(each, collate);
  if (from < 1) return 0n;
  const skipped = [...text].slice(0, from - 1).join('').length;
  const at = fold(text).indexOf(fold(needle), skipped);
  return at < 0 || from - 1 > [...text].length ? 0n : BigInt([...text.slice(0, at)].length + 1);
}

const digest = (algorithm: string, length: number): StrictFunction => ({
  arity: [1, 1],
  type: () => stringType(length),
  evaluate: ([v = '']) => createHash(algorithm).update(toBytes(v)).digest('hex'),
});

/** Each character by itself, as in MySQL: what has no capital of one character stays, such as ß. */
function upper(text: string): string {
  if (isAscii(Buffer.from(text))) return text.toUpperCase();
  return Array.from(text, (char) => {
    const capital = char.toUpperCase();
    return [...capital].length === 1 ? capital : char;
  }).join('');
}

function lower(text: string): string {
  if (isAscii(Buffer.from(text))) return text.toLowerCase();
  return Array.from(text, (char) => [...char.toLowerCase()][0] ?? char).join('');
}

export const STRING_FUNCTIONS: FunctionTable = {
  concat: {
    arity: [1, 255],
    type: concatType,
    evaluate: (args) => (args.some(Buffer.isBuffer) ? Buffer.concat(args.map(toBytes)) : args.map(toText).join('')),
  },
  concat_ws: {
    arity: [2, 255],
    type: concatType,
    evaluateNulls: ([separator = null, ...args]) =>
      separator === null
        ? null
        : args
            .filter((each) => each !== null)
            .map(toText)
            .join(toText(separator)),
  },
  length: { arity: [1, 1], type: () => INT_TYPE, evaluate: ([v = '']) => BigInt(toBytes(v).length) },
  octet_length: { arity: [1, 1], type: () => INT_TYPE, evaluate: ([v = '']) => BigInt(toBytes(v).length) },
  bit_length: { arity: [1, 1], type: () => INT_TYPE, evaluate: ([v = '']) => BigInt(toBytes(v).length * 8) },
  char_length: {
    arity: [1, 1],
    type: () => INT_TYPE,
    evaluate: ([v = '']) => BigInt(Buffer.isBuffer(v) ? v.length : chars(v).length),
  },
  character_length: {
    arity: [1, 1],
    type: () => INT_TYPE,
    evaluate: ([v = '']) => BigInt(Buffer.isBuffer(v) ? v.length : chars(v).length),
  },
  upper: texts([1, 1], (v = '') => upper(v)),
  ucase: texts([1, 1], (v = '') => upper(v)),
  lower: texts([1, 1], (v = '') => lower(v)),
  lcase: texts([1, 1], (v = '') => lower(v)),
  trim: texts([1, 2], (v = '', remove) => trimmed('both')(v, remove)),
  trim_leading: texts([1, 2], (v = '', remove) => trimmed('left')(v, remove)),
  trim_trailing: texts([1, 2], (v = '', remove) => trimmed('right')(v, remove)),
  ltrim: texts([1, 1], (v = '') => trimmed('left')(v)),
  rtrim: texts([1, 1], (v = '') => trimmed('right')(v)),
  reverse: texts([1, 1], (v = '') => [...v].reverse().join('')),
  replace: texts([3, 3], (v = '', from = '', to = '') => (from === '' ? v : v.replaceAll(from, () => to))),
  repeat: {
    arity: [2, 2],
    type: (args) => textType(MAX_LENGTH / 4, args, 'function'),
    evaluate: (args) => {
      const text = toText(at(args, 0));
      const count = number(args, 1);
      if (count <= 0) return '';
      return Buffer.byteLength(text) * count > MAX_LENGTH ? null : text.repeat(count);
    },
  },
  space: {
    arity: [1, 1],
    type: () => stringType(255),
    evaluate: (args) => ' '.repeat(Math.min(Math.max(number(args, 0), 0), MAX_LENGTH)),
  },
  left: { arity: [2, 2], type: sameString, evaluate: (args) => substring(args, number(args, 1), 1) },
  right: {
    arity: [2, 2],
    type: sameString,
    evaluate: (args) => {
      const value = at(args, 0);
      const size = Buffer.isBuffer(value) ? value.length : chars(value).length;
      const count = Math.min(Math.max(number(args, 1), 0), size);
      return count === 0 ? '' : substring(args, count, size - count + 1);
    },
  },
  substring: {
    arity: [2, 3],
    type: sameString,
    evaluate: (args) => substring(args, args.length > 2 ? number(args, 2) : undefined, number(args, 1)),
  },
  substring_index: {
    arity: [3, 3],
    type: sameString,
    evaluate: (args) => {
      const separator = toText(at(args, 1));
      const count = number(args, 2);
      if (separator === '' || count === 0) return '';
      const parts = toText(at(args, 0)).split(separator);
      return (count > 0 ? parts.slice(0, count) : parts.slice(count)).join(separator);
    },
  },
  lpad: padded('left'),
  rpad: padded('right'),
  locate: {
    arity: [2, 3],
    type: () => INT_TYPE,
    evaluate: (args, _c, _text, collate) =>
      locate(toText(at(args, 0)), toText(at(args, 1)), args.length > 2 ? number(args, 2) : 1, collate),
  },
  instr: {
    arity: [2, 2],
    type: () => INT_TYPE,
    evaluate: (args, _c, _text, collate) => locate(toText(at(args, 1)), toText(at(args, 0)), 1, collate),
  },
  strcmp: {
    arity: [2, 2],
    type: () => INT_TYPE,
    evaluate: ([a = '', b = ''], _c, _text, collate) =>
      BigInt(Math.sign(compareStrings(toText(a), toText(b), collate))),
  },
  ascii: { arity: [1, 1], type: () => INT_TYPE, evaluate: ([v = '']) => BigInt(toBytes(v)[0] ?? 0) },
  ord: {
    arity: [1, 1],
    type: () => INT_TYPE,
    evaluate: ([v = '']) => BigInt(`0x${Buffer.from([...toText(v)][0] ?? '\0').toString('hex')}`),
  },
  char: {
    arity: [1, 255],
    type: (args) => bytesType(args.length * 4),
    evaluateNulls: (args) =>
      Buffer.concat(args.filter((each) => each !== null).map((each) => charBytes(toInteger(each, () => undefined)))),
  },
  field: {
    arity: [2, 255],
    type: () => INT_TYPE,
    evaluateNulls: ([needle = null, ...items], c, _text, collate) => {
      if (needle === null) return 0n;
      const same = (each: SqlValue) => each !== null && compareValues(each, needle, collate, truncated(c)) === 0;
      return BigInt(items.findIndex(same) + 1);
    },
  },
  elt: {
    arity: [2, 255],
    type: (args) => concatType(args.slice(1)),
    evaluateNulls: ([index = null, ...items]) =>
      index === null ? null : (items[Number(toInteger(index, () => undefined)) - 1] ?? null),
  },
  make_set: {
    arity: [2, 65],
    type: (args) => concatType(args.slice(1)),
    evaluateNulls: ([bits = null, ...items]) => {
      if (bits === null) return null;
      const set = BigInt.asUintN(
        64,
        toInteger(bits, () => undefined),
      );
      return items
        .filter((each, index) => each !== null && ((set >> BigInt(index)) & 1n) === 1n)
        .map((each) => (each === null ? '' : toText(each)))
        .join(',');
    },
  },
  export_set: {
    arity: [3, 5],
    type: (args) => textType(MAX_LENGTH / 4, args.slice(1, 4), 'function'),
    evaluate: ([bits = 0n, on = '', off = '', separator = ',', count = 64n]) => {
      const set = BigInt.asUintN(
        64,
        toInteger(bits, () => undefined),
      );
      const asked = toInteger(count, () => undefined);
      const length = asked < 0n || asked > 64n ? 64 : Number(asked);
      const shown = Array.from({ length }, (_, index) => toText(((set >> BigInt(index)) & 1n) === 1n ? on : off));
      return shown.join(toText(separator));
    },
  },
  find_in_set: {
    arity: [2, 2],
    type: () => INT_TYPE,
    evaluate: ([needle = '', list = ''], _c, _text, collate) => {
      const items = toText(list);
      const same = (each: string) => compareStrings(each, toText(needle), collate) === 0;
      return items === '' ? 0n : BigInt(items.split(',').findIndex(same) + 1);
    },
  },
  unhex: {
    arity: [1, 1],
    type: (args) => bytesType(Math.max(at(args, 0).Flen, 0)),
    evaluate: ([v = '']) => {
      const text = toText(v);
      return /^[0-9a-fA-F]*$/.test(text) ? Buffer.from(text.length % 2 ? `0${text}` : text, 'hex') : null;
    },
  },
  quote: {
    arity: [1, 1],
    type: sameString,
    evaluateNulls: ([v = null]) =>
      v === null
        ? 'NULL'
        : `'${toText(v).replace(/['\\]/g, '\\$&').replaceAll('\0', '\\0').replaceAll('\x1a', '\\Z')}'`,
  },
  insert: {
    arity: [4, 4],
    type: sameString,
    evaluate: (args) => {
      const text = chars(at(args, 0));
      const from = number(args, 1);
      const count = number(args, 2);
      if (from < 1 || from > text.length) return text.join('');
      const end = count < 0 ? text.length : from - 1 + count;
      return text.slice(0, from - 1).join('') + toText(at(args, 3)) + text.slice(end).join('');
    },
  },
  format: {
    arity: [2, 3],
    type: () => stringType(64),
    evaluate: (args, c) => {
      const value = toDecimal(at(args, 0), truncated(c))
        .round(Math.min(Math.max(number(args, 1), 0), 30))
        .toString();
      const [whole = '', rest] = value.split('.');
      const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
      return rest === undefined ? grouped : `${grouped}.${rest}`;
    },
  },
  md5: digest('md5', 32),
  sha: digest('sha1', 40),
  sha1: digest('sha1', 40),
  sha2: {
    arity: [2, 2],
    type: () => stringType(128),
    evaluate: (args) => {
      const bits = number(args, 1);
      if (![0, 224, 256, 384, 512].includes(bits)) return null;
      return createHash(`sha${bits === 0 ? 256 : bits}`)
        .update(toBytes(at(args, 0)))
        .digest('hex');
    },
  },
  to_base64: {
    arity: [1, 1],
    type: (args) => stringType(Math.max(at(args, 0).Flen * 2, 4)),
    evaluate: ([v = '']) =>
      toBytes(v)
        .toString('base64')
        .replace(/.{76}(?=.)/g, '$&\n'),
  },
  from_base64: {
    arity: [1, 1],
    type: (args) => bytesType(Math.max(at(args, 0).Flen, 0)),
    evaluate: ([v = '']) => Buffer.from(toText(v), 'base64'),
  },
  uuid: { arity: [0, 0], type: () => stringType(36), volatile: true, evaluate: () => randomUUID() },
  inet_aton: {
    arity: [1, 1],
    type: () => UINT_TYPE,
    evaluate: ([v = '']) => {
      const text = toText(v);
      if (!/^[\d.]*\d$/.test(text)) return null;
      const parts = text.split('.').map(Number);
      const last = parts.pop() ?? 0;
      if (parts.length > 3 || last > 255 || parts.some((part) => part > 255)) return null;
      // Of a short form the last part is the last byte: 1.2 is 1.0.0.2.
      const bytes = [...parts, ...Array<number>(3 - parts.length).fill(0), last];
      return bytes.reduce((sum, part) => sum * 256n + BigInt(part), 0n);
    },
  },
  inet_ntoa: {
    arity: [1, 1],
    type: () => stringType(15),
    evaluate: ([v = 0n]) => {
      const value = toInteger(v, () => undefined);
      return value < 0n || value > 4_294_967_295n
        ? null
        : [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
    },
  },
};

function charBytes(code: bigint): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Number(BigInt.asUintN(32, code)));
  const first = bytes.findIndex((each) => each !== 0);
  return first < 0 ? Buffer.from([0]) : bytes.subarray(first);
}

/** A pattern of REGEXP. Error 1139 for one that is none. */
export function regularExpression(pattern: string, collate: string): RegExp {
  try {
    return new RegExp(
      pattern.replaceAll('[[:<:]]', '\\b').replaceAll('[[:>:]]', '\\b'),
      isCaseInsensitive(collate) ? 'iu' : 'u',
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SqlError(1139, `Got error '${why}' from regexp`, { cause });
  }
}
