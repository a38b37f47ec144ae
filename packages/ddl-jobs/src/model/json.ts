import { parse as parseExactly, stringify as stringifyExactly } from 'lossless-json';

/** What JSON can hold when its integers are exact: a number, or a bigint beyond 2^53. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [name: string]: Json };

const integer = /^-?\d+$/;
const html = /[<>&\u2028\u2029]/g;

/** A list that Go wrote as null. Readers find an empty list; written back it is null again. */
export const absentList: readonly Json[] = Object.freeze([]);

/*
 * V8 reads and writes JSON many times faster than any program in JavaScript, but it has no integers beyond 2^53. So these travel through it as
 * strings behind a mark. A text that has the mark already takes the slow way.
 */
const mark = '\uf8ff';
const markWritten = /\uf8ff|\\uf8ff/i;
const long = /\d{16}/;
/** In a longer text one string may be too long for a regular expression. */
const mostMarked = 4 << 20;
/** Strings, which are passed over, and integers that may be beyond 2^53. */
const stringOrLong = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?[1-9]\d{15,}(?![\d.eE])/g;
const marked = /"\uf8ff(-?\d+)"/g;

/**
 * Parses JSON in which 64-bit integers survive: an integer beyond 2^53 becomes a bigint, any other number a number.
 * Jobs hold timestamps of the oracle (ms << 18), which `JSON.parse` would round.
 *
 * @throws SyntaxError when the text is no JSON.
 */
export function parseJson(text: string): Json {
  if (!long.test(text)) {
    return JSON.parse(text) as Json;
  }
  if (markWritten.test(text) || text.length > mostMarked) {
    return parseExactly(text, undefined, integerOf) as Json;
  }
  const withMarks = text.replace(stringOrLong, (found) => (found.startsWith('"') ? found : `"${mark}${found}"`));
  return withoutMarks(JSON.parse(withMarks) as Json);
}

function integerOf(digits: string): number | bigint {
  const value = Number(digits);
  return integer.test(digits) && !Number.isSafeInteger(value) ? BigInt(digits) : value;
}

/** Turns marked strings into integers, in place: what was parsed belongs to nobody yet. */
function withoutMarks(value: Json): Json {
  if (typeof value === 'string') {
    return value.startsWith(mark) ? integerOf(value.slice(1)) : value;
  }
  if (typeof value === 'object' && value !== null) {
    const members = value as { [name: string]: Json };
    for (const name of Object.keys(members)) {
      if (name.startsWith(mark)) {
        throw new SyntaxError(`the name of a member must be a string, not ${name.slice(1)}`);
      }
      const member = members[name];
      if (typeof member === 'object' || typeof member === 'string') {
        members[name] = withoutMarks(member);
      }
    }
  }
  return value;
}

/**
 * Writes JSON as Go's `encoding/json` does: no blanks, members in their order, bigints as digits, and `<`, `>`, `&`, U+2028
 * and U+2029 escaped, so that a job that was read and written back has the bytes the Go program wrote. With an indent, as its `MarshalIndent`.
 */
export function stringifyJson(value: unknown, indent?: string): string {
  let integers = 0;
  const withMarks = (_: string, member: unknown): unknown => {
    if (typeof member === 'bigint') {
      integers += 1;
      return `${mark}${member}`;
    }
    return goNull(member);
  };
  let text = JSON.stringify(value, withMarks, indent) ?? 'null';
  if (text.split(mark).length - 1 > integers) {
    text = stringifyExactly(value, (_, member) => goNull(member), indent) ?? 'null';
  } else if (integers > 0) {
    text = text.replace(marked, '$1');
  }
  // These five stand only inside strings, never in the structure, so escaping the finished text is safe.
  return text.replace(html, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function goNull(member: unknown): unknown {
  return member === absentList ? null : member;
}

/** Whether a value is a JSON object, neither null nor an array. */
export function isJsonObject(value: unknown): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value of the model as the JSON it is written as. */
export function asJson(value: object): Json {
  return value as Json;
}
