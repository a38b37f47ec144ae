import { SqlError } from '../errors.js';
import { numericKind } from '../functions/arithmetic.js';
import { type Evaluation, truncated } from '../functions/context.js';
import type { Compiled } from '../functions/function.js';
import { toJson } from '../functions/json.js';
import type { Expression } from '../parse/ast.js';
import { compareValues, groupingKey } from '../types/compare.js';
import { Decimal } from '../types/decimal.js';
import {
  DOUBLE_TYPE,
  decimalType,
  type FieldType,
  Flag,
  INT_TYPE,
  JSON_TYPE,
  stringType,
  UINT_TYPE,
} from '../types/field-type.js';
import { JsonDocument, type JsonValue } from '../types/json.js';
import { toDecimal, toDouble, toInteger } from '../types/number.js';
import { toText } from '../types/text.js';
import type { SqlValue } from '../types/value.js';
import { type SortKey, sortRows } from './order.js';

type Present = Exclude<SqlValue, null>;
type AggregateExpression = Extract<Expression, { kind: 'aggregate' }>;

/** The state of one aggregate in one group. */
export interface Accumulator {
  add(row: readonly SqlValue[], c: Evaluation): void;
  result(c: Evaluation): SqlValue;
}

export interface AggregateFunction {
  readonly type: FieldType;
  start(): Accumulator;
}

const BITS_TYPE: FieldType = { ...UINT_TYPE, Flag: UINT_TYPE.Flag | Flag.NotNull, Flen: 21 };

/** An aggregate by its name. Error 1235 for one that is not there. */
export function aggregateFunction(
  e: AggregateExpression,
  compileArgument: (argument: Expression) => Compiled,
): AggregateFunction {
  const star = e.args[0]?.kind === 'star';
  const args = star ? [] : e.args.map(compileArgument);
  const [first] = args;
  const distinct = <T extends AggregateFunction>(inner: T): AggregateFunction =>
    e.distinct ? distinctOnly(inner, args) : inner;
  const type = first?.type ?? INT_TYPE;
  switch (e.name) {
    case 'count':
      return distinct({
        type: { ...INT_TYPE, Flag: INT_TYPE.Flag | Flag.NotNull, Flen: 21 },
        start: () => counter(args),
      });
    case 'sum':
    case 'avg': {
      const exact = numericKind(type) !== 'real';
      const scale = Math.max(type.Decimal, 0);
      const precise = numericKind(type) === 'decimal' ? scale : 0;
      const result = !exact
        ? DOUBLE_TYPE
        : e.name === 'sum'
          ? decimalType(Math.min(65, Math.max(type.Flen, 0) + 22), precise)
          : decimalType(Math.min(65, Math.max(type.Flen, 0) + 4), Math.min(precise + 4, 30));
      return distinct({
        type: result,
        start: () => (exact ? exactSum(first, e.name === 'avg', result.Decimal) : doubleSum(first, e.name === 'avg')),
      });
    }
    case 'min':
    case 'max':
      return {
        type: { ...type, Flag: type.Flag & ~Flag.NotNull },
        start: () => extreme(first, e.name === 'max' ? 1 : -1, type.Collate),
      };
    case 'any_value':
      return { type, start: () => firstValue(first) };
    case 'group_concat':
      return distinct({
        type: stringType(16_777_216),
        start: () => concatenation(e, args, compileArgument),
      });
    case 'bit_and':
      return { type: BITS_TYPE, start: () => bits(first, (1n << 64n) - 1n, (a, b) => a & b) };
    case 'bit_or':
      return { type: BITS_TYPE, start: () => bits(first, 0n, (a, b) => a | b) };
    case 'bit_xor':
      return { type: BITS_TYPE, start: () => bits(first, 0n, (a, b) => a ^ b) };
    case 'std':
    case 'stddev':
    case 'stddev_pop':
      return distinct({ type: DOUBLE_TYPE, start: () => variance(first, 0, Math.sqrt) });
    case 'stddev_samp':
      return distinct({ type: DOUBLE_TYPE, start: () => variance(first, 1, Math.sqrt) });
    case 'var_pop':
    case 'variance':
      return distinct({ type: DOUBLE_TYPE, start: () => variance(first, 0, (v) => v) });
    case 'var_samp':
      return distinct({ type: DOUBLE_TYPE, start: () => variance(first, 1, (v) => v) });
    case 'json_arrayagg':
      return { type: JSON_TYPE, start: () => jsonArray(first) };
    case 'json_objectagg':
      return { type: JSON_TYPE, start: () => jsonObject(first, args[1]) };
    default:
      throw SqlError.notYet(`${e.name}`);
  }
}

function distinctOnly(inner: AggregateFunction, args: readonly Compiled[]): AggregateFunction {
  return {
    type: inner.type,
    start: () => {
      const accumulator = inner.start();
      const seen = new Set<string>();
      return {
        add: (row, c) => {
          const key = args.map((each) => groupingKey(each.evaluate(row, c), each.type.Collate)).join('\u0001');
          if (seen.has(key)) return;
          seen.add(key);
          accumulator.add(row, c);
        },
        result: (c) => accumulator.result(c),
      };
    },
  };
}

function counter(args: readonly Compiled[]): Accumulator {
  let count = 0n;
  return {
    add: (row, c) => {
      if (args.every((each) => each.evaluate(row, c) !== null)) count++;
    },
    result: () => count,
  };
}

/** Feeds the values that are not NULL. */
function values(argument: Compiled | undefined, take: (value: Present, c: Evaluation) => void): Accumulator['add'] {
  return (row, c) => {
    const value = argument?.evaluate(row, c) ?? null;
    if (value !== null) take(value, c);
  };
}

function exactSum(argument: Compiled | undefined, average: boolean, scale: number): Accumulator {
  let sum = new Decimal(0n, 0);
  let count = 0n;
  return {
    add: values(argument, (value, c) => {
      sum = sum.add(toDecimal(value, truncated(c)));
      count++;
    }),
    result: () => {
      if (count === 0n) return null;
      return average ? (sum.divide(new Decimal(count, 0), Math.max(scale - sum.scale, 4))?.round(scale) ?? null) : sum;
    },
  };
}

function doubleSum(argument: Compiled | undefined, average: boolean): Accumulator {
  let sum = 0;
  let count = 0;
  return {
    add: values(argument, (value, c) => {
      sum += toDouble(value, truncated(c));
      count++;
    }),
    result: () => (count === 0 ? null : average ? sum / count : sum),
  };
}

function extreme(argument: Compiled | undefined, sign: 1 | -1, collate: string): Accumulator {
  let best: SqlValue = null;
  return {
    add: values(argument, (value, c) => {
      if (best === null || compareValues(value, best, collate, truncated(c)) * sign > 0) best = value;
    }),
    result: () => best,
  };
}

function firstValue(argument: Compiled | undefined): Accumulator {
  let first: SqlValue | undefined;
  return {
    add: (row, c) => {
      first ??= argument?.evaluate(row, c) ?? null;
    },
    result: () => first ?? null,
  };
}

function concatenation(
  e: AggregateExpression,
  args: readonly Compiled[],
  compileArgument: (argument: Expression) => Compiled,
): Accumulator {
  const keys: SortKey[] = (e.orderBy ?? []).map(({ expression, descending }) => ({
    compiled: compileArgument(
      // A number is the place of an argument.
      expression.kind === 'literal' && typeof expression.value === 'bigint'
        ? (e.args[Number(expression.value) - 1] ?? expression)
        : expression,
    ),
    descending,
  }));
  const parts: SqlValue[][] = [];
  return {
    add: (row, c) => {
      const texts = args.map((each) => each.evaluate(row, c));
      if (texts.some((each) => each === null)) return;
      const text = texts.map((each) => (each === null ? '' : toText(each))).join('');
      parts.push([text, ...keys.map((key) => key.compiled.evaluate(row, c))]);
    },
    result: (c) => {
      if (parts.length === 0) return null;
      const text = sortRows(parts, keys, 1)
        .map(([part]) => part)
        .join(e.separator ?? ',');
      const limit = Number(c.session.systemVariable('session', 'group_concat_max_len'));
      if (text.length * 3 <= limit || Buffer.byteLength(text) <= limit) return text;
      c.session.warn('Warning', 1260, `Some rows were cut by GROUPCONCAT(${args.map((each) => each.text).join(', ')})`);
      return Buffer.from(text).subarray(0, limit).toString();
    },
  };
}

function bits(argument: Compiled | undefined, start: bigint, merge: (a: bigint, b: bigint) => bigint): Accumulator {
  let result = start;
  return {
    add: values(argument, (value, c) => {
      result = merge(result, BigInt.asUintN(64, toInteger(value, truncated(c))));
    }),
    result: () => result,
  };
}

/** Welford's running variance, so that large values do not cancel. */
function variance(argument: Compiled | undefined, sample: 0 | 1, finish: (variance: number) => number): Accumulator {
  let count = 0;
  let mean = 0;
  let squares = 0;
  return {
    add: values(argument, (value, c) => {
      const x = toDouble(value, truncated(c));
      count++;
      const delta = x - mean;
      mean += delta / count;
      squares += delta * (x - mean);
    }),
    result: () => (count <= sample ? null : finish(squares / (count - sample))),
  };
}

function jsonMember(value: SqlValue): JsonValue {
  if (value === null) return null;
  return typeof value === 'string' ? value : toJson(value).value;
}

function jsonArray(argument: Compiled | undefined): Accumulator {
  const items: JsonValue[] = [];
  return {
    add: (row, c) => {
      items.push(jsonMember(argument?.evaluate(row, c) ?? null));
    },
    result: () => (items.length === 0 ? null : new JsonDocument(items)),
  };
}

function jsonObject(key: Compiled | undefined, value: Compiled | undefined): Accumulator {
  const members: Record<string, JsonValue> = {};
  let any = false;
  return {
    add: (row, c) => {
      const name = key?.evaluate(row, c) ?? null;
      if (name === null) throw new SqlError(3158, 'JSON documents may not contain NULL member names.');
      members[toText(name)] = jsonMember(value?.evaluate(row, c) ?? null);
      any = true;
    },
    result: () => (any ? new JsonDocument(members) : null),
  };
}
