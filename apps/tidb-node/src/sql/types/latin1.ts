import { SqlError } from '../errors.js';

/** What the bytes from 0x80 to 0x9f of latin1 (really Windows' 1252) are; a blank for those that are themselves. */
const WINDOWS =
  '\u20ac \u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152 \u017d  \u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153 \u017e\u0178';

const BYTES = new Map(
  [...WINDOWS].flatMap((char, at): [string, number][] => (char === ' ' ? [] : [[char, 0x80 + at]])),
);

/** The byte of a character in latin1; undefined where it has none. */
export function latin1Byte(char: string): number | undefined {
  const code = char.codePointAt(0) ?? 0;
  return BYTES.get(char) ?? (code <= 0xff ? code : undefined);
}

/** Weights of the bytes under each collation, two hexadecimal digits a byte. Bytes below 0x40 weigh their own number in all of them. */
const WEIGHTS: Readonly<Record<string, string>> = {
  latin1_general_cs:
    '40415153575b6567696b7577797b7d818f919395989aa4a6a8aaafb3b4b5b6b7b8425254585c66686a6c76787a7c7e8290929496999ba5a7a9abb0b9babbbcbf' +
    'c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' +
    '434547494b4d4f555d5f61636d6f7173597f838587898bbd8d9c9ea0a2acb1974446484a4c4e50565e6062646e7072745a808486888a8cbe8e9d9fa1a3adb2ae',
  latin1_general_ci:
    '40415153575b6567696b7577797b7d818f919395989aa4a6a8aaafb3b4b5b6b7b8415153575b6567696b7577797b7d818f919395989aa4a6a8aaafb9babbbcbf' +
    'c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff' +
    '434547494b4d4f555d5f61636d6f7173597f838587898bbd8d9c9ea0a2acb197434547494b4d4f555d5f61636d6f7173597f838587898bbe8d9c9ea0a2acb1ae',
  latin1_swedish_ci:
    '404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f604142434445464748494a4b4c4d4e4f505152535455565758595a7b7c7d7e7f' +
    '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf' +
    '414141415c5b5c434545454549494949444e4f4f4f4f5dd7d85555555959dedf414141415c5b5c434545454549494949444e4f4f4f4f5df7d85555555959deff',
};

/** The weight of a character under a collation of latin1. Error 3988 for one that latin1 does not have. */
export function latin1Weight(char: string, collate: string): number {
  const byte = latin1Byte(char);
  if (byte === undefined) {
    throw new SqlError(
      3988,
      `Conversion from collation utf8mb4_bin into ${collate} impossible for character '${char}'`,
    );
  }
  if (byte < 0x40) return byte;
  return Number.parseInt(WEIGHTS[collate]?.slice((byte - 0x40) * 2, (byte - 0x40) * 2 + 2) ?? 'ff', 16);
}
