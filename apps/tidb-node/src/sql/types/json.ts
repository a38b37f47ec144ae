import { SqlError } from '../errors.js';

/** An integer above the range of a signed 64-bit number, kept apart from signed ones as JSON does in TiDB. */
export type JsonValue = null | boolean | bigint | number | string | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** A JSON document. Integers are bigint, other numbers are doubles. */
export class JsonDocument {
  constructor(readonly value: JsonValue) {}

  /** Reads JSON text. Error 3140 for what is no JSON. */
  static parse(text: string): JsonDocument {
    const reader = new JsonReader(text);
    return new JsonDocument(reader.document());
  }

  toString(): string {
    return stringify(this.value);
  }
}

export function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The keys of an object by their bytes, as TiDB stores and shows them. */
export function sortedKeys(value: JsonObject): string[] {
  return Object.keys(value).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function stringify(value: JsonValue): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map(stringify).join(', ')}]`;
  const object = value as JsonObject;
  return `{${sortedKeys(object)
    .map((key) => `${quote(key)}: ${stringify(object[key] ?? null)}`)
    .join(', ')}}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

class JsonReader {
  private at = 0;
  constructor(private readonly text: string) {}

  document(): JsonValue {
    this.skipSpace();
    if (this.at >= this.text.length) throw invalidJson('The document is empty');
    const value = this.value(0);
    this.skipSpace();
    if (this.at < this.text.length) throw invalidJson('The document root must not be followed by other values.');
    return value;
  }

  private value(depth: number): JsonValue {
    if (depth > 100) throw new SqlError(3157, 'The JSON document exceeds the maximum depth.');
    const char = this.text[this.at];
    if (char === '{') return this.object(depth);
    if (char === '[') return this.array(depth);
    if (char === '"') return this.string();
    const word = /^(?:true|false|null)\b/.exec(this.text.slice(this.at, this.at + 6))?.[0];
    if (word !== undefined) {
      this.at += word.length;
      return word === 'null' ? null : word === 'true';
    }
    const number = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(this.text.slice(this.at, this.at + 400));
    if (number === null) throw invalidJson('The document root must not be followed by other values.');
    this.at += number[0].length;
    if (number[1] === undefined && number[2] === undefined) {
      const integer = BigInt(number[0]);
      if (integer >= -(1n << 63n) && integer < 1n << 64n) return integer;
    }
    return Number(number[0]);
  }

  private object(depth: number): JsonValue {
    const members: [string, JsonValue][] = [];
    this.at++;
    this.skipSpace();
    while (this.text[this.at] !== '}') {
      if (this.text[this.at] !== '"') throw invalidJson('The document root must not be followed by other values.');
      const key = this.string();
      this.expect(':');
      members.push([key, this.value(depth + 1)]);
      this.skipSpace();
      if (this.text[this.at] === '}') break;
      this.expect(',');
      if (this.text[this.at] === '}') throw invalidJson('Missing a name for object member.');
    }
    this.at++;
    return Object.fromEntries(members);
  }

  private array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.at++;
    this.skipSpace();
    while (this.text[this.at] !== ']') {
      items.push(this.value(depth + 1));
      this.skipSpace();
      if (this.text[this.at] === ']') break;
      this.expect(',');
      if (this.text[this.at] === ']') throw invalidJson('Invalid value.');
    }
    this.at++;
    return items;
  }

  private string(): string {
    const end = /^"(?:[^"\\]|\\.)*"/s.exec(this.text.slice(this.at));
    if (end === null) throw invalidJson('Missing a closing quotation mark in string.');
    this.at += end[0].length;
    try {
      return String(JSON.parse(end[0]));
    } catch (error) {
      throw new SqlError(3140, 'Invalid JSON text: Invalid escape character in string.', { cause: error });
    }
  }

  private expect(char: string): void {
    this.skipSpace();
    if (this.text[this.at] !== char) throw invalidJson('The document root must not be followed by other values.');
    this.at++;
    this.skipSpace();
  }

  private skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }
}

function invalidJson(why: string): SqlError {
  return new SqlError(3140, `Invalid JSON text: ${why}`);
}
