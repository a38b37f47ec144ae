import { ColumnFlag, type ColumnInfo, type FieldType, newColumnInfo } from '@tidb-js/ddl-jobs';
import { SqlError } from '../errors.js';
import type { Evaluation } from '../functions/context.js';
import type { Expression } from '../parse/ast.js';
import type { ColumnDefinition, ColumnOption, Constraint } from '../parse/ddl-ast.js';
import { restoreExpression } from '../parse/restore.js';
import { compile } from '../plan/compile.js';
import type { Planner } from '../plan/planner.js';
import { EMPTY_SCOPE } from '../plan/scope.js';
import { children } from '../plan/walk.js';
import { castForColumn } from '../types/column-cast.js';
import { Flag, Tp } from '../types/field-type.js';
import { asShown } from '../types/float.js';
import { toBytes, toText } from '../types/text.js';
import { DateTime } from '../types/time.js';
import type { SqlValue } from '../types/value.js';
import { type CharsetDefaults, columnType, isLong } from './column-type.js';

/** A column from its definition, with the keys that its options ask for. */
export interface BuiltColumn {
  readonly info: ColumnInfo;
  readonly constraints: readonly Constraint[];
  readonly autoIncrement: boolean;
}

/** What checking a column needs of the statement. */
export interface ColumnContext {
  readonly planner: Planner;
  readonly evaluation: Evaluation;
  readonly defaults: CharsetDefaults;
  readonly strict: boolean;
  readonly noZeroDate: boolean;
  warn(code: number, message: string): void;
}

/** Error 1059 or 1166 for what cannot be a column's name. */
export function checkColumnName(name: string): void {
  if ([...name].length > 64) throw new SqlError(1059, `Identifier name '${name}' is too long`);
  if (name === '' || name.endsWith(' ')) throw new SqlError(1166, `Incorrect column name '${name}'`);
}

export function buildColumn(definition: ColumnDefinition, context: ColumnContext): BuiltColumn {
  const { name, options } = definition;
  checkColumnName(name);
  const collate = last(options, 'collate');
  const typeName = collate === undefined ? definition.type : { ...definition.type, collate: collate.name };
  const base = columnType(name, typeName, context.defaults);
  const autoIncrement = last(options, 'autoIncrement') !== undefined;
  const primary = last(options, 'primaryKey');
  const generated = last(options, 'generated');
  const onUpdate = last(options, 'onUpdate');
  const notNull = options.some((each) => each.kind === 'notNull') || primary !== undefined || autoIncrement;
  if (autoIncrement && base.Tp > Tp.Double && base.Tp !== Tp.LongLong && base.Tp !== Tp.Int24) {
    throw new SqlError(1105, `Incorrect column specifier for column '${name}'`);
  }
  let flag = base.Flag | (notNull ? ColumnFlag.NotNull : 0) | (autoIncrement ? ColumnFlag.AutoIncrement : 0);
  if (onUpdate !== undefined) {
    if (base.Tp !== Tp.Timestamp && base.Tp !== Tp.DateTime)
      throw new SqlError(1294, `Invalid ON UPDATE clause for '${name}' column`);
    const asked = onUpdate.value.kind === 'call' ? onUpdate.value.args[0] : undefined;
    if ((asked?.kind === 'literal' ? Number(asked.value) : 0) !== Math.max(base.Decimal, 0))
      throw new SqlError(1294, `Invalid ON UPDATE clause for '${name}' column`);
    flag |= Flag.OnUpdateNow;
  }
  const type: FieldType = { ...base, Flag: flag };
  const given = last(options, 'default');
  if (autoIncrement && given !== undefined && !(given.value.kind === 'literal' && given.value.value === null)) {
    throw new SqlError(1105, `Invalid default value for '${name}'`);
  }
  if (options.some(({ kind }) => kind === 'autoRandom'))
    throw new SqlError(1235, "This version of TiDB doesn't yet support 'AUTO_RANDOM'; use AUTO_INCREMENT");
  const value = given === undefined ? {} : defaultOf(name, type, given.value, notNull, context);
  const hasDefault = given !== undefined || autoIncrement;
  if (notNull && !hasDefault) flag |= ColumnFlag.NoDefaultValue;
  const info = newColumnInfo(
    name,
    { ...type, Flag: flag },
    {
      ...value,
      comment: last(options, 'comment')?.text ?? '',
      ...(generated === undefined
        ? {}
        : {
            generated_expr_string: restoreExpression(generated.expression),
            generated_stored: generated.stored,
            dependences: Object.fromEntries(namesIn(generated.expression).map((each) => [each.toLowerCase(), {}])),
          }),
    },
  );
  return { info, constraints: constraintsOf(name, options), autoIncrement };
}

function last<K extends ColumnOption['kind']>(
  options: readonly ColumnOption[],
  kind: K,
): Extract<ColumnOption, { kind: K }> | undefined {
  return options.filter((each): each is Extract<ColumnOption, { kind: K }> => each.kind === kind).at(-1);
}

function constraintsOf(name: string, options: readonly ColumnOption[]): Constraint[] {
  return options.flatMap((option): Constraint[] => {
    const parts = [{ column: name }];
    if (option.kind === 'primaryKey') return [{ kind: 'primary', parts, options: { clustered: option.clustered } }];
    if (option.kind === 'unique') return [{ kind: 'unique', parts, options: {} }];
    // REFERENCES at a column is read and means nothing, as in MySQL.
    return option.kind === 'check' ? [{ kind: 'check', expression: option.expression }] : [];
  });
}

/** The columns that an expression names. */
export function namesIn(e: Expression): string[] {
  return e.kind === 'column' ? [e.name] : children(e).flatMap(namesIn);
}

type DefaultMembers = Partial<Pick<ColumnInfo, 'default' | 'default_bit' | 'default_is_expr'>>;

/** How a default is kept: text, or base64 for bits. Errors 1067 and 1101. */
export function defaultOf(
  name: string,
  type: FieldType,
  e: Expression,
  notNull: boolean,
  context: ColumnContext,
): DefaultMembers {
  const invalid = () => new SqlError(1067, `Invalid default value for '${name}'`);
  if (e.kind === 'literal' && e.value === null) {
    if (notNull) throw invalid();
    return {};
  }
  if (e.kind === 'call' && e.name === 'now') {
    const fsp = Math.max(type.Decimal, 0);
    const asked = e.args[0]?.kind === 'literal' ? Number(e.args[0].value) : 0;
    if ((type.Tp !== Tp.Timestamp && type.Tp !== Tp.DateTime) || asked !== fsp) throw invalid();
    return { default: 'CURRENT_TIMESTAMP' };
  }
  if (isLong(type)) throw new SqlError(1101, `BLOB/TEXT/JSON column '${name}' can't have a default value`);
  if (e.kind === 'call' && (e.name === 'rand' || e.name === 'uuid'))
    return { default: restoreExpression(e), default_is_expr: true };
  if (e.kind !== 'literal' && e.kind !== 'unary' && !(e.kind === 'call' && /_literal$/.test(e.name))) {
    throw new SqlError(
      3770,
      `Default value expression of column '${name}' contains a disallowed function: \`${e.kind === 'call' ? e.name : e.text}\`.`,
    );
  }
  const value = compile(e, context.planner.context(EMPTY_SCOPE, 'default')).evaluate([], context.evaluation);
  let cast: SqlValue;
  try {
    const rules = {
      strict: true,
      noZeroDate: context.strict && context.noZeroDate,
      noZeroInDate: context.strict,
      warn: () => undefined,
    };
    cast = castForColumn(value, name, type, rules, 1);
  } catch (cause) {
    throw new SqlError(1067, `Invalid default value for '${name}'`, { cause });
  }
  if (cast === null) throw invalid();
  if (type.Tp === Tp.Bit) {
    const bytes = toBytes(cast);
    const significant = bytes.subarray(Math.min(bytes.findIndex((byte) => byte !== 0) >>> 0, bytes.length - 1));
    return { default: significant.toString('latin1'), default_bit: significant.toString('base64') };
  }
  // What was written is kept, not what the column makes of it.
  if (type.Tp === Tp.NewDecimal) return { default: toText(value ?? cast) };
  if (type.Tp === Tp.Timestamp && cast instanceof DateTime)
    return { default: toText(context.evaluation.session.timeZone.toUtc(cast)) };
  return { default: toText(asShown(cast, type)) };
}
