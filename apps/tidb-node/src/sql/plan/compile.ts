import { SqlError } from '../errors.js';
import {
  type ArithmeticOperator,
  arithmeticType,
  type BitOperator,
  calculate,
  calculateBits,
  negate,
  negatedType,
} from '../functions/arithmetic.js';
import { type Evaluation, truncated } from '../functions/context.js';
import { chosen, commonType } from '../functions/control.js';
import { at, type Compiled } from '../functions/function.js';
import { likeTest } from '../functions/like.js';
import { randomSequence } from '../functions/random.js';
import { functionNamed, MISSING, takesTexts } from '../functions/registry.js';
import { regularExpression } from '../functions/string.js';
import { toDateTime, toDuration } from '../functions/time-conversion.js';
import type { BinaryOperator, Expression, Query } from '../parse/ast.js';
import { charsetNamed, collationNamed } from '../types/charset.js';
import { compareValues } from '../types/compare.js';
import {
  BOOLEAN_TYPE,
  bytesType,
  commonCollation,
  DOUBLE_TYPE,
  dateTimeType,
  evaluationKind,
  type FieldType,
  Flag,
  isStringType,
  JSON_TYPE,
  stringType,
  Tp,
  UINT_TYPE,
} from '../types/field-type.js';
import { asShown } from '../types/float.js';
import { JsonDocument } from '../types/json.js';
import { isTrue, toDouble, toInteger } from '../types/number.js';
import { toBytes, toText } from '../types/text.js';
import type { SqlValue } from '../types/value.js';
import { castExpression } from './cast.js';
import type { PlannedSubquery } from './correlation.js';
import { literalType, valueType, variableType } from './literal.js';
import { restore } from './restore.js';
import type { Scope } from './scope.js';
import { compileSubquery } from './subquery.js';

/** What compiling needs to know of the statement around an expression. */
export interface CompileContext {
  readonly scope: Scope;
  /** 'field list', 'where clause' …, as errors name it. */
  readonly clause: string;
  readonly database: string | undefined;
  /** The connection's collation, which literals have. */
  readonly collation: string;
  /** Values of `?`. */
  readonly parameters: readonly SqlValue[];
  systemVariable(scope: 'global' | 'session' | 'default', name: string): SqlValue;
  userVariable(name: string): SqlValue;
  /** The place of an aggregate's result; absent where none is allowed. */
  readonly aggregate?: ((expression: Extract<Expression, { kind: 'aggregate' }>) => Compiled) | undefined;
  /** The place of a window function's result; absent where none is allowed. */
  readonly window?: ((expression: Extract<Expression, { kind: 'window' }>) => Compiled) | undefined;
  /** Plans a subquery, which is run before the expression is computed; of one for EXISTS only the first row is wanted. */
  readonly subquery?: ((query: Query, exists: boolean) => PlannedSubquery) | undefined;
  /** Told of each column of a query around. */
  readonly outerColumn?:
    | ((e: Expression, found: { readonly scope: Scope; readonly index: number }) => void)
    | undefined;
  /** DEFAULT(column), and DEFAULT alone with the column it is for. */
  readonly columnDefault?: ((column: string | undefined) => Compiled) | undefined;
  /** VALUES(column). */
  readonly insertingColumn?: ((column: string) => { readonly index: number; readonly type: FieldType }) | undefined;
}

/** Makes an expression ready to run. Errors 1054, 1582, 1305, 1111 … name what is wrong with it. */
export function compile(expression: Expression, context: CompileContext): Compiled {
  return compileNode(expression, context);
}

function constant(value: SqlValue, type: FieldType, text: string): Compiled {
  return { type, constant: true, present: value !== null, evaluate: () => value, text };
}

function compileNode(e: Expression, x: CompileContext): Compiled {
  const text = () => restore(e, x.database);
  switch (e.kind) {
    case 'literal':
      return constant(
        e.literal === 'string' && e.charset === 'binary' ? toBytes(e.value ?? '') : e.value,
        withConnection(literalType(e), x),
        e.text,
      );
    case 'parameter': {
      const value = x.parameters[e.index] ?? null;
      return constant(value, withConnection(valueType(value), x), value === null ? 'NULL' : toText(value));
    }
    case 'column':
      return compileColumn(e, x);
    case 'systemVariable': {
      const value = x.systemVariable(e.scope, e.name);
      return {
        type: variableType(e.name, value),
        constant: true,
        evaluate: (_, c) => c.session.systemVariable(e.scope, e.name),
        text: e.text,
      };
    }
    case 'userVariable':
      return {
        type: withConnection(valueType(x.userVariable(e.name)), x),
        constant: false,
        evaluate: (_, c) => c.session.userVariable(e.name),
        text: e.text,
      };
    case 'assignVariable': {
      const value = compile(e.value, x);
      return {
        type: value.type,
        constant: false,
        text: e.text,
        evaluate: (row, c) => {
          const result = value.evaluate(row, c);
          c.session.setUserVariable(e.name, result);
          return result;
        },
      };
    }
    case 'unary':
      return compileUnary(e, x, text());
    case 'binary':
      return compileBinary(e.operator, e.left, e.right, x, text());
    case 'is':
      return compileIs(compile(e.operand, x), e.what, e.not, text());
    case 'between': {
      const [operand, low, high] = likeEachOther([compile(e.operand, x), compile(e.low, x), compile(e.high, x)]);
      const above = compileComparison('>=', operand, low, e.text);
      const both = compileLogic('and', above, compileComparison('<=', operand, high, e.text), e.text);
      return e.not ? strict(BOOLEAN_TYPE, [both], e.text, ([holds]) => truth(holds === 0n)) : both;
    }
    case 'in':
      return compileIn(e, x, text());
    case 'inQuery':
    case 'quantified':
    case 'query':
    case 'exists':
      return compileSubquery(e, x, text());
    case 'bound':
      return constant(e.value, e.type, e.text);
    case 'like':
      return compileLike(e, x, text());
    case 'regexp':
      return compileRegexp(e, x, text());
    case 'case':
      return compileCase(e, x, text());
    case 'call':
      return compileCall(e.name, e.args, x, text());
    case 'aggregate':
      if (x.aggregate === undefined) throw new SqlError(1111, 'Invalid use of group function');
      return x.aggregate(e);
    case 'window':
      if (x.window === undefined)
        throw new SqlError(3593, `You cannot use the window function '${e.name}' in this context.'`);
      return x.window(e);
    case 'cast':
      return castExpression(
        e.type.name === 'json' ? asJsonBoolean(compile(e.operand, x)) : compile(e.operand, x),
        e.type,
        text(),
      );
    case 'convertUsing': {
      const { name } = charsetNamed(e.charset);
      const operand = compile(e.operand, x);
      const type = name === 'binary' ? bytesType(operand.type.Flen) : stringType(operand.type.Flen);
      const convert = name === 'binary' ? toBytes : toText;
      return strict(type, [operand], text(), ([value]) => convert(value));
    }
    case 'collate': {
      const operand = compile(e.operand, x);
      const { name, charset } = collationNamed(e.collation);
      const isText = isStringType(operand.type) || operand.type.Elems !== null;
      const own = isText ? operand.type.Charset : 'utf8mb4';
      if (charset !== own) throw new SqlError(1253, `COLLATION '${name}' is not valid for CHARACTER SET '${own}'`);
      return { ...operand, type: { ...operand.type, Collate: name, Charset: charset, coercibility: 0 } };
    }
    case 'default':
      if (x.columnDefault === undefined) throw SqlError.notYet('DEFAULT here');
      return x.columnDefault(e.column);
    case 'values': {
      if (x.insertingColumn === undefined) return constant(null, valueType(null), e.text);
      const { index, type } = x.insertingColumn(e.column);
      return { type, constant: false, evaluate: (_, c) => c.inserting?.[index] ?? null, text: e.text };
    }
    case 'row':
      throw new SqlError(1241, 'Operand should contain 1 column(s)');
    case 'interval':
    case 'star':
      throw new SqlError(1064, `You have an error in your SQL syntax near '${e.text}'`);
  }
}

/** The type of a value that the client sent: its text is of the connection's collation, which gives way to any column's. */
function withConnection(type: FieldType, x: CompileContext): FieldType {
  if (type.Charset !== 'utf8mb4') return type;
  return { ...type, Charset: collationNamed(x.collation).charset, Collate: x.collation, coercibility: 4 };
}

function compileColumn(e: Extract<Expression, { kind: 'column' }>, x: CompileContext): Compiled {
  const own = x.scope.find(e.db, e.table, e.name);
  const outer = own === undefined ? x.scope.findOuter(e.db, e.table, e.name) : undefined;
  const outerType = outer?.scope.columns[outer.index]?.type;
  if (outer !== undefined && outerType !== undefined && x.outerColumn !== undefined) {
    x.outerColumn(e, outer);
    return { type: outerType, constant: false, evaluate: () => null, text: restore(e, x.database) };
  }
  const index = x.scope.resolve(e.db, e.table, e.name, x.clause);
  const column = x.scope.columns[index];
  if (column === undefined) throw new SqlError(1054, `Unknown column '${e.name}' in '${x.clause}'`);
  return {
    type: column.type,
    constant: false,
    evaluate: (row) => row[index] ?? null,
    text: restore(e, x.database, column),
  };
}

type PresentRow = readonly Exclude<SqlValue, null>[];

/** An expression that is NULL when one of its operands is. */
function strict(
  type: FieldType,
  operands: readonly Compiled[],
  text: string,
  compute: (values: [Exclude<SqlValue, null>, ...PresentRow], c: Evaluation) => SqlValue,
): Compiled {
  const [first, second] = operands;
  const isConstant = operands.every((each) => each.constant);
  if (first !== undefined && operands.length === 1) {
    return {
      type,
      constant: isConstant,
      text,
      evaluate: (row, c) => {
        const value = first.evaluate(row, c);
        return value === null ? null : compute([value], c);
      },
    };
  }
  return {
    type,
    constant: isConstant,
    text,
    evaluate: (row, c) => {
      const a = first?.evaluate(row, c) ?? null;
      if (a === null) return null;
      const b = second?.evaluate(row, c) ?? null;
      return b === null ? null : compute([a, b], c);
    },
  };
}

function compileUnary(e: Extract<Expression, { kind: 'unary' }>, x: CompileContext, text: string): Compiled {
  const operand = compile(e.operand, x);
  switch (e.operator) {
    case '+':
      return operand;
    case '-': {
      if (e.operand.kind === 'literal' && typeof e.operand.value === 'bigint' && e.operand.value === 1n << 63n) {
        return constant(-(1n << 63n), literalType({ ...e.operand, value: -1n }), text);
      }
      const type = negatedType(operand.type);
      return strict(type, [operand], text, ([value], c) => negate(value, type, c, text));
    }
    case '~':
      return strict(UINT_TYPE, [operand], text, ([value], c) => BigInt.asUintN(64, ~toInteger(value, truncated(c))));
    case 'not':
      return strict(BOOLEAN_TYPE, [operand], text, ([value], c) => truth(!isTrue(value, truncated(c))));
  }
}

export const truth = (value: boolean): bigint => (value ? 1n : 0n);

function compileBinary(
  operator: BinaryOperator,
  l: Expression,
  r: Expression,
  x: CompileContext,
  text: string,
): Compiled {
  if (l.kind === 'row' || r.kind === 'row') return compileRowComparison(operator, l, r, x);
  const left = compile(l, x);
  const right = compile(r, x);
  switch (operator) {
    case 'and':
    case 'or':
    case 'xor':
      return compileLogic(operator, left, right, text);
    case '=':
    case '<=>':
    case '<':
    case '<=':
    case '>':
    case '>=':
    case '!=':
      return compileComparison(operator, left, right, text);
    case '|':
    case '&':
    case '^':
    case '<<':
    case '>>':
      return strict(UINT_TYPE, [left, right], text, ([a, b = 0n], c) =>
        calculateBits(operator as BitOperator, a, b, c),
      );
    default: {
      const arithmetic = operator as ArithmeticOperator;
      const made = arithmeticType(arithmetic, left.type, right.type);
      const present =
        arithmetic === '+' || arithmetic === '-' || arithmetic === '*' ? neverNull(left) & neverNull(right) : 0;
      const type = { ...made, Flag: made.Flag | present };
      return strict(type, [left, right], text, ([a, b = 0n], c) => {
        // An error shows constants by their values.
        const shown = (side: Compiled, value: Exclude<SqlValue, null>) => (side.constant ? toText(value) : side.text);
        const quoted = () => `(${shown(left, a)} ${operator} ${shown(right, b)})`;
        return calculate(arithmetic, type, a, b, c, quoted);
      });
    }
  }
}

/** The flag NOT NULL of an operand that has it. */
function neverNull({ present, type }: Compiled): number {
  return present === true ? Flag.NotNull : type.Flag & Flag.NotNull;
}

/** Three-valued AND, OR and XOR. */
function compileLogic(operator: 'and' | 'or' | 'xor', left: Compiled, right: Compiled, text: string): Compiled {
  const known = (value: SqlValue, c: Evaluation) => (value === null ? null : isTrue(value, truncated(c)));
  return {
    type: BOOLEAN_TYPE,
    constant: left.constant && right.constant,
    text,
    evaluate: (row, c) => {
      const a = known(left.evaluate(row, c), c);
      if (operator === 'and' && a === false) return 0n;
      if (operator === 'or' && a === true) return 1n;
      const b = known(right.evaluate(row, c), c);
      if (operator === 'and' && b === false) return 0n;
      if (operator === 'or' && b === true) return 1n;
      if (a === null || b === null) return null;
      return truth(operator === 'xor' ? a !== b : operator === 'and');
    },
  };
}

/** The collation of a comparison: what COLLATE says, else a column's, else a literal's. */
export function comparisonCollation(left: FieldType, right: FieldType): string {
  return commonCollation([left, right], '=').collate;
}

const MEANS: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

type Three = readonly [Compiled, Compiled, Compiled];

/** The operands of BETWEEN, which are compared as one kind: all as doubles where a number is among texts, constants as dates beside dates. */
function likeEachOther(operands: Three): Three {
  const kinds = operands.map(({ type }) => evaluationKind(type));
  const isNumber = (kind: string | undefined) => kind === 'int' || kind === 'decimal' || kind === 'real';
  const dated = kinds.includes('datetime');
  if (
    kinds.includes('json') ||
    kinds.includes('duration') ||
    !(dated || kinds.includes('string')) ||
    !kinds.some(isNumber)
  )
    return operands;
  const [a, b, c] = operands.map((operand, at) => {
    const { type, constant, evaluate } = operand;
    if (type.Tp === Tp.Null || (dated ? !constant || !isNumber(kinds[at]) : isNumber(kinds[at]))) return operand;
    return {
      ...operand,
      type: dated ? dateTimeType(6) : DOUBLE_TYPE,
      evaluate: (row: readonly SqlValue[], context: Evaluation) => {
        const value = evaluate(row, context);
        if (value === null) return null;
        return dated ? toDateTime(value, context) : toDouble(value, truncated(context));
      },
    };
  });
  return [a ?? operands[0], b ?? operands[1], c ?? operands[2]];
}

/** A text beside a date or a time of day is read as one; what is none is NULL with a warning. */
function asTemporal(operand: Compiled, other: FieldType): Compiled {
  const kind = evaluationKind(other);
  if (evaluationKind(operand.type) !== 'string') return operand;
  const convert = kind === 'datetime' ? toDateTime : kind === 'duration' && operand.constant ? toDuration : undefined;
  if (convert === undefined) return operand;
  const read = (row: readonly SqlValue[], c: Evaluation) => {
    const value = operand.evaluate(row, c);
    return value === null ? null : convert(value, c);
  };
  if (!operand.constant) return { ...operand, evaluate: read };
  // A constant is read, and warned of, once.
  let last: { readonly c: Evaluation['session']; readonly at: number; readonly value: SqlValue } | undefined;
  return {
    ...operand,
    evaluate: (row, c) => {
      if (last?.c !== c.session || last.at !== c.nowMs) last = { c: c.session, at: c.nowMs, value: read(row, c) };
      return last.value;
    },
  };
}

export function compileComparison(operator: BinaryOperator, l: Compiled, r: Compiled, text: string): Compiled {
  const left = asTemporal(l, r.type);
  const right = asTemporal(r, l.type);
  const collate = comparisonCollation(left.type, right.type);
  if (operator === '<=>') {
    return {
      type: BOOLEAN_TYPE,
      constant: left.constant && right.constant,
      text,
      evaluate: (row, c) => {
        const a = left.evaluate(row, c);
        const b = right.evaluate(row, c);
        if (a === null || b === null) return truth(a === b);
        return truth(compareValues(a, b, collate, truncated(c)) === 0);
      },
    };
  }
  const means = MEANS[operator] ?? (() => false);
  return strict(BOOLEAN_TYPE, [left, right], text, ([a, b = 0n], c) =>
    truth(means(compareValues(a, b, collate, truncated(c)))),
  );
}

/** `(a, b) = (1, 2)` is `a = 1 AND b = 2`; the orders compare part by part. */
function compileRowComparison(operator: BinaryOperator, l: Expression, r: Expression, x: CompileContext): Compiled {
  if (l.kind !== 'row' || r.kind !== 'row' || l.items.length !== r.items.length) {
    const wanted = l.kind === 'row' ? l.items.length : 1;
    throw new SqlError(1241, `Operand should contain ${wanted} column(s)`);
  }
  const pairs = l.items.map((left, index) => ({ left, right: at(r.items, index) }));
  const fold = (join: 'and' | 'or', parts: readonly Expression[]): Expression =>
    parts.reduce((left, right) => ({ kind: 'binary', operator: join, left, right, text: l.text }));
  const compare = (op: BinaryOperator, pair: { left: Expression; right: Expression }): Expression => ({
    kind: 'binary',
    operator: op,
    ...pair,
    text: l.text,
  });
  if (operator === '=' || operator === '<=>')
    return compile(
      fold(
        'and',
        pairs.map((pair) => compare(operator, pair)),
      ),
      x,
    );
  if (operator === '!=')
    return compile(
      fold(
        'or',
        pairs.map((pair) => compare('!=', pair)),
      ),
      x,
    );
  if (!['<', '<=', '>', '>='].includes(operator)) throw new SqlError(1241, 'Operand should contain 1 column(s)');
  const sharp = operator.startsWith('<') ? '<' : '>';
  const steps = pairs.map((pair, index) =>
    fold('and', [
      ...pairs.slice(0, index).map((before) => compare('=', before)),
      compare(index === pairs.length - 1 ? operator : sharp, pair),
    ]),
  );
  return compile(fold('or', steps), x);
}

function compileIs(
  operand: Compiled,
  what: 'null' | 'true' | 'false' | 'unknown',
  not: boolean,
  text: string,
): Compiled {
  return {
    type: BOOLEAN_TYPE,
    constant: operand.constant,
    text,
    evaluate: (row, c) => {
      const value = operand.evaluate(row, c);
      const holds =
        what === 'null' || what === 'unknown'
          ? value === null
          : value !== null && isTrue(value, truncated(c)) === (what === 'true');
      return truth(holds !== not);
    },
  };
}

function compileIn(e: Extract<Expression, { kind: 'in' }>, x: CompileContext, text: string): Compiled {
  if (e.operand.kind === 'row') {
    const { operand } = e;
    const parts = e.items.map(
      (item): Expression => ({ kind: 'binary', operator: '=', left: operand, right: item, text: e.text }),
    );
    const any = parts.reduce(
      (left, right): Expression => ({ kind: 'binary', operator: 'or', left, right, text: e.text }),
    );
    return compile(e.not ? { kind: 'unary', operator: 'not', operand: any, text: e.text } : any, x);
  }
  const operand = compile(e.operand, x);
  const items = e.items.map((each) => compile(each, x));
  const tests = items.map((item) => compileComparison('=', operand, item, text));
  return {
    type: BOOLEAN_TYPE,
    constant: operand.constant && items.every((each) => each.constant),
    text,
    evaluate: (row, c) => {
      let unknown = false;
      for (const test of tests) {
        const result = test.evaluate(row, c);
        if (result === 1n) return truth(!e.not);
        unknown ||= result === null;
      }
      return unknown ? null : truth(e.not);
    },
  };
}

function compileLike(e: Extract<Expression, { kind: 'like' }>, x: CompileContext, text: string): Compiled {
  const operand = compile(e.operand, x);
  const pattern = compile(e.pattern, x);
  const collate = comparisonCollation(operand.type, pattern.type);
  let last: { readonly source: string; readonly test: (text: string) => boolean } | undefined;
  return strict(BOOLEAN_TYPE, [operand, pattern], text, ([value, source = '']) => {
    const like = toText(source);
    if (last?.source !== like) last = { source: like, test: likeTest(like, e.escape, collate) };
    return truth(last.test(toText(value)) !== e.not);
  });
}

function compileRegexp(e: Extract<Expression, { kind: 'regexp' }>, x: CompileContext, text: string): Compiled {
  const operand = compile(e.operand, x);
  const pattern = compile(e.pattern, x);
  const collate = comparisonCollation(operand.type, pattern.type);
  return strict(BOOLEAN_TYPE, [operand, pattern], text, ([value, source = '']) =>
    truth(regularExpression(toText(source), collate).test(toText(value)) !== e.not),
  );
}

function compileCase(e: Extract<Expression, { kind: 'case' }>, x: CompileContext, text: string): Compiled {
  const { operand } = e;
  const branches = e.branches.map(({ when, result }) => ({
    when: compile(
      operand === undefined ? when : { kind: 'binary', operator: '=', left: operand, right: when, text: when.text },
      x,
    ),
    result: compile(result, x),
  }));
  const otherwise = e.otherwise === undefined ? undefined : compile(e.otherwise, x);
  const results = [...branches.map((each) => each.result), ...(otherwise === undefined ? [] : [otherwise])];
  const type = commonType(results.map((each) => each.type));
  return {
    type,
    constant: results.every((each) => each.constant) && branches.every((each) => each.when.constant),
    text,
    evaluate: (row, c) => {
      for (const { when, result } of branches) {
        const holds = when.evaluate(row, c);
        if (holds !== null && isTrue(holds, truncated(c))) return chosen(result, row, c, type);
      }
      return otherwise === undefined ? null : chosen(otherwise, row, c, type);
    },
  };
}

function asInteger(compiled: Compiled): Compiled {
  return strict(UINT_TYPE, [compiled], compiled.text, ([value = 0n], c) => toInteger(value, truncated(c)));
}

function shownFloat(compiled: Compiled): Compiled {
  const { type, evaluate } = compiled;
  return type.Tp === Tp.Float ? { ...compiled, evaluate: (row, c) => asShown(evaluate(row, c), type) } : compiled;
}

function asJsonBoolean(compiled: Compiled): Compiled {
  if ((compiled.type.Flag & Flag.IsBoolean) === 0) return compiled;
  return strict(JSON_TYPE, [compiled], compiled.text, ([value]) => new JsonDocument(value !== 0n));
}

function compileCall(name: string, argumentList: readonly Expression[], x: CompileContext, text: string): Compiled {
  const args = argumentList.flatMap((each): Compiled[] =>
    each.kind === 'interval'
      ? [compile(each.amount, x), constant(each.unit, stringType(20), each.unit)]
      : [compile(each, x)],
  );
  // What is true or false is so within JSON too, not 1 or 0.
  if (name.startsWith('json_')) for (const [index, each] of args.entries()) args[index] = asJsonBoolean(each);
  const wrongCount = () => new SqlError(1582, `Incorrect parameter count in the call to native function '${name}'`);
  if (name === 'if') {
    const [when, then, otherwise] = args;
    if (when === undefined || then === undefined || otherwise === undefined || args.length !== 3) throw wrongCount();
    const type = commonType([then.type, otherwise.type]);
    return {
      type,
      constant: args.every((each) => each.constant),
      text,
      evaluate: (row, c) => {
        const holds = when.evaluate(row, c);
        return chosen(holds !== null && isTrue(holds, truncated(c)) ? then : otherwise, row, c, type);
      },
    };
  }
  if (name === 'coalesce' || name === 'ifnull') {
    if (args.length === 0 || (name === 'ifnull' && args.length !== 2)) throw wrongCount();
    const [sure] = args;
    if (name === 'ifnull' && sure !== undefined && neverNull(sure) !== 0) return sure;
    const type = commonType(args.map((each) => each.type));
    return {
      type,
      constant: args.every((each) => each.constant),
      text,
      evaluate: (row, c) => {
        for (const each of args) {
          const value = chosen(each, row, c, type);
          if (value !== null) return value;
        }
        return null;
      },
    };
  }
  // BIT counts as a number there, a literal in hexadecimal as the bytes that it is.
  if (name === 'hex' && args[0]?.type.Tp === Tp.Bit) args[0] = asInteger(args[0]);
  if (name === 'rand' && args[0]?.constant === true && args.length === 1) return randomSequence(args[0], text);
  if (name === 'name_const') {
    const [, named] = args;
    if (named === undefined || args.length !== 2) throw wrongCount();
    return named;
  }
  // ADDDATE(d, n) counts days.
  if ((name === 'adddate' || name === 'subdate') && args.length === 2)
    args.push(constant('DAY', stringType(20), 'DAY'));
  if (takesTexts(name)) for (const [index, each] of args.entries()) args[index] = shownFloat(each);
  const definition = functionNamed(name);
  if (definition === undefined && MISSING.has(name)) throw SqlError.notYet(`function ${name}`);
  if (definition === undefined)
    throw new SqlError(1305, `FUNCTION ${x.database === undefined ? '' : `${x.database}.`}${name} does not exist`);
  const [fewest, most] = definition.arity;
  if (args.length < fewest || args.length > most) throw wrongCount();
  const type = definition.type(
    args.map((each) => each.type),
    args,
  );
  const isConstant = definition.volatile !== true && args.every((each) => each.constant);
  const { collate } = commonCollation(
    args.map((each) => each.type),
    name,
  );
  if ('evaluateNulls' in definition) {
    return {
      type,
      constant: isConstant,
      text,
      evaluate: (row, c) =>
        definition.evaluateNulls(
          args.map((each) => each.evaluate(row, c)),
          c,
          text,
          collate,
        ),
    };
  }
  return {
    type,
    constant: isConstant,
    text,
    evaluate: (row, c) => {
      const values: Exclude<SqlValue, null>[] = [];
      for (const each of args) {
        const value = each.evaluate(row, c);
        if (value === null) return null;
        values.push(value);
      }
      return definition.evaluate(values, c, text, collate);
    },
  };
}
