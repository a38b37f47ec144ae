import fc from 'fast-check';
import { parse } from 'lossless-json';
import { describe, expect, test } from 'vitest';
import { type Json, parseJson, stringifyJson } from '../src/index.js';

/** What a slower parser makes of the same text: integers beyond 2^53 as bigints. */
const exactly = (text: string) =>
  parse(text, undefined, (digits) =>
    /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits)) ? BigInt(digits) : Number(digits),
  );

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('12345678901234567890', '"12345678901234567890"', '\uf8ff12345678901234567890', '\\', '<&>\u2028'),
);
const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((double) => double + 0.5),
    fc.bigInt({ min: -(1n << 64n), max: 1n << 64n }).filter((value) => !Number.isSafeInteger(Number(value))),
    texts,
    fc.array(tie('value')),
    fc.dictionary(texts, tie('value')),
  ),
}));

describe('JSON', () => {
  test('of any shape is read as it was written, its integers exact', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, '  '), (value, indent) => {
        const text = stringifyJson(value, indent);
        expect(parseJson(text)).toEqual(exactly(text));
        expect(stringifyJson(parseJson(text), indent)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    '[9007199254740991,9007199254740992,-9007199254740993]',
    '[1.12345678901234567,1e1234567890123456,1.5e-1234567890123456,12345678901234567890.0]',
    '{"a":"\\"12345678901234567890","b": 12345678901234567890 }',
    '["\\\\",12345678901234567890,"\\\\\\""]',
    '["\uf8ff1","\\uF8FF1",12345678901234567890]',
    '{"\uf8ff1":12345678901234567890}',
  ])('%s', (text) => {
    expect(parseJson(text)).toEqual(exactly(text));
  });

  test('with a string of many megabytes', () => {
    const value = { text: '"'.repeat(8 << 20), integer: 12345678901234567890n };
    expect(parseJson(stringifyJson(value))).toEqual(value);
  });

  test.each(['{12345678901234567890:1}', '01234567890123456789', '[12345678901234567890', '12345678901234567890 1'])(
    '%s is none',
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );
});
