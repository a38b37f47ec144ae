import { BinlogError } from '../errors.js';
import { readTree, type Tree, writeTree } from './json-binary.js';
import { parseTree, treeText } from './json-text.js';

/** A JavaScript value that JSON can hold. Integers beyond 2^53 are bigint. */
export type JsonValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** How numbers are told apart where JavaScript has one type and JSON in TiDB has two. */
export interface JsonNumbers {
  /**
   * `auto` (the default): a number without a fraction is an integer, an integer within 2^53 is a number.
   * `exact`: bigint is an integer, number is a double, both ways.
   */
  readonly numbers?: 'auto' | 'exact';
}

/**
 * A JSON document as TiDB stores it: a type code and its binary form, which keeps what JavaScript's values would lose (1 beside
 * 1.0, integers of 64 bits). Immutable.
 */
export class Json {
  /** Object 1, array 3, literal 4, int64 9, uint64 10, double 11, string 12, opaque 13, date 14, datetime 15, timestamp 16, time 17. */
  readonly typeCode: number;
  /** The value without its type code. */
  readonly data: Buffer;

  constructor(typeCode: number, data: Uint8Array) {
    this.typeCode = typeCode;
    this.data = Buffer.from(data);
  }

  /**
   * Reads JSON text: numbers with a point or an exponent are doubles, others integers as long as 64 bits hold them.
   *
   * @throws BinlogError `INVALID_VALUE` for a text that is no JSON, or nests deeper than 100.
   */
  static parse(text: string): Json {
    return Json.#of(parseTree(text));
  }

  /** Makes a document of a JavaScript value. */
  static from(value: JsonValue, { numbers = 'auto' }: JsonNumbers = {}): Json {
    return Json.#of(toTree(value, numbers === 'exact', 0));
  }

  static #of(tree: Tree): Json {
    const { typeCode, data } = writeTree(tree);
    return new Json(typeCode, data);
  }

  /**
   * The document as a JavaScript value. Dates, times and opaque values in it are strings, as in its text.
   *
   * @throws BinlogError `MALFORMED` for a binary form that is none.
   */
  toValue({ numbers = 'auto' }: JsonNumbers = {}): JsonValue {
    return fromTree(readTree(this.typeCode, this.data), numbers === 'exact');
  }

  /** As TiDB prints it: keys in stored order, `, ` and `: ` between. */
  toString(): string {
    return treeText(readTree(this.typeCode, this.data));
  }

  /** For JSON.stringify; an integer beyond 2^53 becomes the nearest double there, since JSON.stringify has no bigint. */
  toJSON(): unknown {
    return JSON.parse(this.toString());
  }

  equals(other: Json): boolean {
    return this.typeCode === other.typeCode && this.data.equals(other.data);
  }
}

function toTree(value: JsonValue, exact: boolean, depth: number): Tree {
  if (depth > 100)
    throw new BinlogError('INVALID_VALUE', 'a JSON document may nest 100 levels deep, this one is deeper');
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new BinlogError('INVALID_VALUE', `JSON has no number ${value}`);
    return !exact && Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'bigint')
    return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => toTree(item, exact, depth + 1));
  if (typeof value === 'object') {
    return new Map(Object.entries(value).map(([key, item]) => [key, toTree(item, exact, depth + 1)]));
  }
  throw new BinlogError('INVALID_VALUE', `JSON has no ${typeof value}`);
}

function fromTree(tree: Tree, exact: boolean): JsonValue {
  if (typeof tree === 'bigint') {
    const number = Number(tree);
    return !exact && Number.isSafeInteger(number) ? number : tree;
  }
  if (tree instanceof Map) {
    const entries = [...tree].map(([key, item]) => [key, fromTree(item, exact)] as const);
    // fromEntries defines properties, so a key `__proto__` is a key like any other.
    return Object.fromEntries(entries);
  }
  if (Array.isArray(tree)) return tree.map((item) => fromTree(item, exact));
  return tree;
}
