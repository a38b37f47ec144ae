import { parse, stringify } from 'lossless-json';

/** What JSON can hold when its integers are exact: a number, or a bigint beyond 2^53. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [name: string]: Json };

const integer = /^-?\d+$/;
const html = /[<>&\u2028\u2029]/g;

/** A list that Go wrote as null. Readers find an empty list; written back it is null again. */
export const absentList: readonly Json[] = Object.freeze([]);

/**
 * Parses JSON in which 64-bit integers survive: an integer beyond 2^53 becomes a bigint, any other number a number.
 * Jobs hold timestamps of the oracle (ms << 18), which `JSON.parse` would round.
 *
 * @throws SyntaxError when the text is no JSON.
 */
export function parseJson(text: string): Json {
  return parse(text, undefined, (digits) => {
    const value = Number(digits);
    return integer.test(digits) && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  }) as Json;
}

/**
 * Writes JSON as Go's `encoding/json` does: no blanks, members in their order, bigints as digits, and `<`, `>`, `&`, U+2028
 * and U+2029 escaped, so that a job that was read and written back has the bytes the Go program wrote. With an indent, as its `MarshalIndent`.
 */
export function stringifyJson(value: unknown, indent?: string): string {
  // These five stand only inside strings, never in the structure, so escaping the finished text is safe.
  return (stringify(value, (_, member) => (member === absentList ? null : member), indent) ?? 'null').replace(
    html,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Whether a value is a JSON object, neither null nor an array. */
export function isJsonObject(value: unknown): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value of the model as the JSON it is written as. */
export function asJson(value: object): Json {
  return value as Json;
}
