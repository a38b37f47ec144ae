import { BinlogError } from '../errors.js';
import type { Tree } from './json-binary.js';

const maxDepth = 100;

/** A document's text as TiDB prints it. */
export function treeText(tree: Tree): string {
  if (typeof tree === 'string') return quoted(tree);
  if (tree instanceof Map) return `{${[...tree].map(([key, item]) => `${quoted(key)}: ${treeText(item)}`).join(', ')}}`;
  if (Array.isArray(tree)) return `[${tree.map(treeText).join(', ')}]`;
  return Object.is(tree, -0) ? '-0' : String(tree);
}

/** Go's escapes: JavaScript's short forms of two control characters, and its bare line separators, are not among them. */
function quoted(text: string): string {
  return JSON.stringify(text)
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')
    .replace(/\\(?:\\|b|f)/g, (short) => (short === '\\b' ? '\\u0008' : short === '\\f' ? '\\u000c' : short));
}

/**
 * Reads JSON text and keeps integers and doubles apart, which JSON.parse does not.
 *
 * @throws BinlogError `INVALID_VALUE`, with the place of the error.
 */
export function parseTree(text: string): Tree {
  const parser = new Parser(text);
  const tree = parser.value(0);
  parser.end();
  return tree;
}

const tokens =
  /[ \t\n\r]*(?:([{}[\],:])|(true|false|null)|(-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)|("[^"\\]*(?:\\.[^"\\]*)*"))/y;

class Parser {
  readonly #text: string;
  readonly #tokens = new RegExp(tokens);

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Tree {
    if (depth > maxDepth) throw this.#error('nests deeper than 100 levels');
    const match = this.#next();
    if (match[6] !== undefined) return this.#string(match[6]);
    if (match[3] !== undefined) return this.#number(match[3], match[4] !== undefined || match[5] !== undefined);
    if (match[2] !== undefined) return match[2] === 'null' ? null : match[2] === 'true';
    if (match[1] === '[') return this.#array(depth);
    if (match[1] === '{') return this.#object(depth);
    throw this.#error('a value is missing');
  }

  end(): void {
    if (this.#text.slice(this.#tokens.lastIndex).trim() !== '') throw this.#error('more follows the value');
  }

  #array(depth: number): Tree[] {
    const items: Tree[] = [];
    if (this.#skip(']')) return items;
    do items.push(this.value(depth + 1));
    while (this.#comma(']'));
    return items;
  }

  #object(depth: number): Map<string, Tree> {
    const object = new Map<string, Tree>();
    if (this.#skip('}')) return object;
    do {
      const key = this.#next()[6];
      if (key === undefined) throw this.#error('a key is missing');
      if (!this.#skip(':')) throw this.#error('a colon is missing');
      object.set(this.#string(key), this.value(depth + 1));
    } while (this.#comma('}'));
    return object;
  }

  #comma(close: string): boolean {
    if (this.#skip(',')) return true;
    if (this.#skip(close)) return false;
    throw this.#error(`a comma or ${close} is missing`);
  }

  #string(token: string): string {
    try {
      return JSON.parse(token) as string;
    } catch (error) {
      throw this.#error('a string has a wrong escape', error);
    }
  }

  #number(token: string, isDouble: boolean): bigint | number {
    if (!isDouble) {
      const integer = BigInt(token);
      if (integer >= -(2n ** 63n) && integer < 2n ** 64n) return integer;
    }
    const double = Number(token);
    if (!Number.isFinite(double)) throw this.#error('a number is beyond the range of a double');
    return double;
  }

  #skip(punctuation: string): boolean {
    const at = this.#tokens.lastIndex;
    if (this.#tokens.exec(this.#text)?.[1] === punctuation) return true;
    this.#tokens.lastIndex = at;
    return false;
  }

  #next(): RegExpExecArray {
    const at = this.#tokens.lastIndex;
    const match = this.#tokens.exec(this.#text);
    if (match !== null) return match;
    this.#tokens.lastIndex = at;
    throw this.#error('something that is no JSON stands there');
  }

  #error(what: string, cause?: unknown): BinlogError {
    const at = this.#tokens.lastIndex;
    return new BinlogError(
      'INVALID_VALUE',
      `no JSON: ${what} at character ${at} of ${JSON.stringify(this.#text.slice(0, 60))}`,
      { cause },
    );
  }
}
