import { generalCiWeight } from '@tidb-js/binlog/codec';
import { SqlError } from '../errors.js';
import { gbkWeight } from './gbk.js';
import { latin1Weight } from './latin1.js';

/** A collation that is understood. */
export interface Collation {
  readonly name: string;
  readonly charset: string;
  readonly id: number;
  readonly isDefault: boolean;
}

/** A character set that is understood. */
export interface Charset {
  readonly name: string;
  readonly defaultCollation: string;
  readonly description: string;
  readonly maxBytes: number;
}

/** As SHOW CHARACTER SET lists them. */
export const CHARSETS: readonly Charset[] = [
  { name: 'ascii', defaultCollation: 'ascii_bin', description: 'US ASCII', maxBytes: 1 },
  { name: 'binary', defaultCollation: 'binary', description: 'binary', maxBytes: 1 },
  {
    name: 'gbk',
    defaultCollation: 'gbk_chinese_ci',
    description: 'Chinese Internal Code Specification',
    maxBytes: 2,
  },
  { name: 'latin1', defaultCollation: 'latin1_bin', description: 'Latin1', maxBytes: 1 },
  { name: 'utf8', defaultCollation: 'utf8_bin', description: 'UTF-8 Unicode', maxBytes: 3 },
  { name: 'utf8mb4', defaultCollation: 'utf8mb4_bin', description: 'UTF-8 Unicode', maxBytes: 4 },
];

/** As SHOW COLLATION lists them. */
export const COLLATIONS: readonly Collation[] = [
  { name: 'ascii_bin', charset: 'ascii', id: 65, isDefault: true },
  { name: 'binary', charset: 'binary', id: 63, isDefault: true },
  { name: 'gbk_bin', charset: 'gbk', id: 87, isDefault: false },
  { name: 'gbk_chinese_ci', charset: 'gbk', id: 28, isDefault: true },
  { name: 'latin1_bin', charset: 'latin1', id: 47, isDefault: true },
  { name: 'latin1_general_ci', charset: 'latin1', id: 48, isDefault: false },
  { name: 'latin1_general_cs', charset: 'latin1', id: 49, isDefault: false },
  { name: 'latin1_swedish_ci', charset: 'latin1', id: 8, isDefault: false },
  { name: 'utf8_bin', charset: 'utf8', id: 83, isDefault: true },
  { name: 'utf8_general_ci', charset: 'utf8', id: 33, isDefault: false },
  { name: 'utf8mb4_bin', charset: 'utf8mb4', id: 46, isDefault: true },
  { name: 'utf8mb4_general_ci', charset: 'utf8mb4', id: 45, isDefault: false },
];

/** Other spellings of collations. */
const SYNONYMS: Readonly<Record<string, string>> = {
  utf8mb3_bin: 'utf8_bin',
  utf8mb3_general_ci: 'utf8_general_ci',
};

/** Collations that MySQL has and that are not kept here: they are refused by name, not replaced. */
const REFUSED =
  /^(utf8mb4|utf8|utf8mb3|latin1|ascii|gbk|ucs2|utf16|utf32|cp1250|cp1251|latin2|big5|gb2312|gb18030|sjis|koi8r)_(\w+_c[is]|\w+_ks|0900_bin|bin)$/;

const CHARSET_BY_NAME = new Map(CHARSETS.map((each) => [each.name, each]));
const COLLATION_BY_NAME = new Map(COLLATIONS.map((each) => [each.name, each]));

/** A character set by name. Error 1115 for one that is not known. */
export function charsetNamed(name: string): Charset {
  const lower = name.toLowerCase();
  const found = CHARSET_BY_NAME.get(lower === 'utf8mb3' ? 'utf8' : lower);
  if (found === undefined) throw new SqlError(1115, `Unknown character set: '${name}'`);
  return found;
}

/** A collation by name. Error 1273 for one that is not known. */
export function collationNamed(name: string): Collation {
  const lower = name.toLowerCase();
  const found = COLLATION_BY_NAME.get(SYNONYMS[lower] ?? lower);
  if (found !== undefined) return found;
  if (!REFUSED.test(lower)) throw new SqlError(1273, `Unknown collation: '${name}'`);
  const known = COLLATIONS.map((each) => each.name).join(', ');
  throw new SqlError(
    1273,
    `Unsupported collation when new collation is enabled: '${name}'; this server compares text by ${known}`,
  );
}

/** Whether two collations order and equate text alike, whatever its character set. */
export function areCompatibleCollations(a: string, b: string): boolean {
  const rule = (name: string) => name.slice(name.indexOf('_'));
  return rule(a) === rule(b);
}

/** A collation by the number that clients send; undefined for one that is not kept. */
export function collationById(id: number): Collation | undefined {
  return COLLATIONS.find((each) => each.id === id);
}

export function collationId(name: string): number {
  return COLLATION_BY_NAME.get(name)?.id ?? 46;
}

export function maxBytesPerChar(charset: string): number {
  return CHARSET_BY_NAME.get(charset)?.maxBytes ?? 4;
}

export function isCaseInsensitive(collate: string): boolean {
  return collate.endsWith('_ci');
}

/** Whether characters have weights under a collation, instead of their own order. */
function hasWeights(collate: string): boolean {
  return collate === 'gbk_bin' || (collate !== 'binary' && !collate.endsWith('_bin'));
}

const generalWeight = (char: string): number => generalCiWeight(char.codePointAt(0) ?? 0);

/** A text with each character replaced by its weight, so that characters that are equal are the same. */
export function foldCharacters(text: string, collate: string): string {
  if (!hasWeights(collate)) return text;
  const weight = collate.startsWith('latin1') ? latin1Weight : collate.startsWith('gbk') ? gbkWeight : generalWeight;
  let folded = '';
  for (const char of text) folded += String.fromCharCode(weight(char, collate));
  return folded;
}

/** A string that is equal for strings the collation holds equal, and sorts as the collation does. */
export function collationKey(text: string, collate: string): string {
  return foldCharacters(collate === 'binary' ? text : trimTrailingSpaces(text), collate);
}

export function trimTrailingSpaces(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x20) end--;
  return end === text.length ? text : text.slice(0, end);
}

/** Compares by the collation: a _bin or general_ci one ignores trailing spaces. */
export function compareStrings(left: string, right: string, collate: string): number {
  const a = collationKey(left, collate);
  const b = collationKey(right, collate);
  if (a === b) return 0;
  if (hasWeights(collate)) return a < b ? -1 : 1;
  return compareCodePoints(a, b);
}

/** By code point, which for UTF-8 is the order of the bytes; JavaScript's own order puts surrogates before U+E000. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    if (x !== y) {
      const xSurrogate = x >= 0xd800 && x <= 0xdfff;
      const ySurrogate = y >= 0xd800 && y <= 0xdfff;
      return xSurrogate === ySurrogate ? x - y : xSurrogate ? 1 : -1;
    }
  }
  return a.length - b.length;
}

/** The sort key that keys of indexes hold for a collation with weights: two bytes a character. */
export function sortKeyBytes(text: string, collate: string): Buffer {
  const key = collationKey(text, collate);
  const bytes = Buffer.alloc(key.length * 2);
  for (let at = 0; at < key.length; at++) bytes.writeUInt16BE(key.charCodeAt(at), at * 2);
  return bytes;
}
