import { SqlError } from '../errors.js';
import { type FieldType, INT_TYPE, textType } from '../types/field-type.js';
import { toInteger } from '../types/number.js';
import { toText } from '../types/text.js';
import type { SqlValue } from '../types/value.js';
import { truncated } from './context.js';
import { at, type FunctionTable, type Present } from './function.js';
import { regularExpression } from './string.js';

/** A pattern with MySQL's match types: c and i for case, m for lines, s for a dot that takes line ends. */
function patternOf(pattern: string, types: string, collate: string): RegExp {
  const { source, flags } = regularExpression(pattern, collate);
  let made = flags;
  for (const type of types) {
    if (type === 'c') made = made.replace('i', '');
    else if (type === 'i') made = made.includes('i') ? made : `${made}i`;
    else if (type === 'm') made = made.includes('m') ? made : `${made}m`;
    else if (type === 's') made = made.includes('s') ? made : `${made}s`;
    else throw new SqlError(1139, "Got error 'Invalid match type' from regexp");
  }
  return new RegExp(source, `${made}g`);
}

/** The matches from a position on, as pairs of place and text, counted in characters. */
function matchesOf(args: readonly Present[], from: SqlValue | undefined, types: SqlValue | undefined, collate: string) {
  const characters = [...toText(at(args, 0))];
  const start = from === undefined || from === null ? 1 : Number(toInteger(from, () => undefined));
  if (start < 1 || start > characters.length + (characters.length === 0 ? 1 : 0))
    throw new SqlError(1139, `Got error 'Index out of bounds in regular expression search' from regexp`);
  const rest = characters.slice(start - 1).join('');
  const pattern = patternOf(toText(at(args, 1)), types === undefined || types === null ? '' : toText(types), collate);
  const found = [...rest.matchAll(pattern)].map((match) => ({
    text: match[0],
    place: start + [...rest.slice(0, match.index)].length,
  }));
  return { characters, found };
}

const number = (value: Present | undefined, otherwise: number) =>
  value === undefined ? otherwise : Number(toInteger(value, () => undefined));

const text = (args: readonly FieldType[]) => textType(Math.max(at(args, 0).Flen, 0), args, 'regexp');

/** REGEXP_LIKE and those that tell where, what and in place of what. */
export const REGEXP_FUNCTIONS: FunctionTable = {
  regexp_like: {
    arity: [2, 3],
    type: () => INT_TYPE,
    evaluate: (args, _c, _text, collate) =>
      patternOf(toText(at(args, 1)), args[2] === undefined ? '' : toText(args[2]), collate).test(toText(at(args, 0)))
        ? 1n
        : 0n,
  },
  regexp_substr: {
    arity: [2, 5],
    type: text,
    evaluate: (args, _c, _text, collate) =>
      matchesOf(args, args[2], args[4], collate).found[Math.max(number(args[3], 1), 1) - 1]?.text ?? null,
  },
  regexp_instr: {
    arity: [2, 6],
    type: () => INT_TYPE,
    evaluate: (args, c, _text, collate) => {
      const after = args[4] === undefined ? 0n : toInteger(args[4], truncated(c));
      if (after !== 0n && after !== 1n)
        throw new SqlError(1210, 'Incorrect arguments to regexp_instr: return_option must be 1 or 0.');
      const match = matchesOf(args, args[2], args[5], collate).found[Math.max(number(args[3], 1), 1) - 1];
      if (match === undefined) return 0n;
      return BigInt(match.place + (after === 1n ? [...match.text].length : 0));
    },
  },
  regexp_replace: {
    arity: [3, 6],
    type: text,
    evaluate: (args, _c, _text, collate) => {
      const { characters, found } = matchesOf(args, args[3], args[5], collate);
      const wanted = number(args[4], 0);
      const chosen = wanted <= 0 ? found : found.slice(wanted - 1, wanted);
      const parts: string[] = [];
      let done = 0;
      for (const { place, text: old } of chosen) {
        parts.push(characters.slice(done, place - 1).join(''));
        // TiDB takes the text as it is: $1 and \\1 stand for themselves.
        parts.push(toText(at(args, 2)));
        done = place - 1 + [...old].length;
      }
      parts.push(characters.slice(done).join(''));
      return parts.join('');
    },
  },
};
