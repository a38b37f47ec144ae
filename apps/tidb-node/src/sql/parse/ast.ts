import type { FieldType } from '../types/field-type.js';
import type { SqlValue } from '../types/value.js';

/** A place in the text, kept for the names of result columns. */
interface Located {
  readonly text: string;
  /** How many pairs of parentheses stand around it. */
  readonly parentheses?: number;
}

/** What CAST and CONVERT turn a value into, or a column's type in a definition. */
export interface TypeName {
  /** Lower-case name: 'int', 'varchar', 'decimal', 'signed' … */
  readonly name: string;
  readonly length?: number | undefined;
  readonly decimals?: number | undefined;
  readonly unsigned: boolean;
  readonly zerofill: boolean;
  readonly charset?: string | undefined;
  readonly collate?: string | undefined;
  readonly binary: boolean;
  readonly elements?: readonly string[] | undefined;
}

export type LiteralType = 'null' | 'integer' | 'decimal' | 'float' | 'string' | 'binary' | 'bits' | 'boolean';

export type Expression = Located &
  (
    | {
        readonly kind: 'literal';
        readonly value: SqlValue;
        readonly literal: LiteralType;
        readonly charset?: string | undefined;
        /** Of texts side by side, how much the first has: it names the column. */
        readonly nameLength?: number;
      }
    | { readonly kind: 'parameter'; readonly index: number }
    | {
        readonly kind: 'column';
        readonly db?: string | undefined;
        readonly table?: string | undefined;
        readonly name: string;
      }
    | { readonly kind: 'systemVariable'; readonly scope: 'global' | 'session' | 'default'; readonly name: string }
    | { readonly kind: 'userVariable'; readonly name: string }
    | { readonly kind: 'assignVariable'; readonly name: string; readonly value: Expression }
    | { readonly kind: 'unary'; readonly operator: '-' | '+' | '~' | 'not'; readonly operand: Expression }
    | {
        readonly kind: 'binary';
        readonly operator: BinaryOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: 'is';
        readonly operand: Expression;
        readonly not: boolean;
        readonly what: 'null' | 'true' | 'false' | 'unknown';
      }
    | {
        readonly kind: 'between';
        readonly operand: Expression;
        readonly not: boolean;
        readonly low: Expression;
        readonly high: Expression;
      }
    | {
        readonly kind: 'in';
        readonly operand: Expression;
        readonly not: boolean;
        readonly items: readonly Expression[];
      }
    | { readonly kind: 'inQuery'; readonly operand: Expression; readonly not: boolean; readonly query: Query }
    | {
        readonly kind: 'like';
        readonly operand: Expression;
        readonly not: boolean;
        readonly pattern: Expression;
        readonly escape: string;
      }
    | { readonly kind: 'regexp'; readonly operand: Expression; readonly not: boolean; readonly pattern: Expression }
    | {
        readonly kind: 'case';
        readonly operand?: Expression | undefined;
        readonly branches: readonly { readonly when: Expression; readonly result: Expression }[];
        readonly otherwise?: Expression | undefined;
      }
    | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
    | {
        readonly kind: 'aggregate';
        readonly name: string;
        readonly distinct: boolean;
        readonly args: readonly Expression[];
        readonly orderBy?: readonly OrderItem[] | undefined;
        readonly separator?: string | undefined;
      }
    | {
        readonly kind: 'window';
        readonly name: string;
        readonly args: readonly Expression[];
        readonly over: WindowSpec;
      }
    | { readonly kind: 'cast'; readonly operand: Expression; readonly type: TypeName }
    | { readonly kind: 'convertUsing'; readonly operand: Expression; readonly charset: string }
    | { readonly kind: 'collate'; readonly operand: Expression; readonly collation: string }
    | { readonly kind: 'interval'; readonly amount: Expression; readonly unit: string }
    | { readonly kind: 'row'; readonly items: readonly Expression[] }
    | {
        readonly kind: 'quantified';
        readonly operator: BinaryOperator;
        readonly quantifier: 'all' | 'any';
        readonly operand: Expression;
        readonly query: Query;
      }
    | { readonly kind: 'query'; readonly query: Query }
    | { readonly kind: 'exists'; readonly query: Query }
    | { readonly kind: 'default'; readonly column?: string | undefined }
    | { readonly kind: 'values'; readonly column: string }
    /** A value in the place of a column of the query around. The parser makes none. */
    | { readonly kind: 'bound'; readonly value: SqlValue; readonly type: FieldType }
    | { readonly kind: 'star' }
  );

export type BinaryOperator =
  | 'or'
  | 'and'
  | 'xor'
  | '='
  | '<=>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '!='
  | '|'
  | '&'
  | '<<'
  | '>>'
  | '+'
  | '-'
  | '*'
  | '/'
  | 'div'
  | '%'
  | '^';

/** What stands in OVER (…), or a window of the WINDOW clause. */
export interface WindowSpec {
  /** The window that it begins with. */
  readonly base?: string | undefined;
  /** OVER name: it is that window. */
  readonly isName?: boolean | undefined;
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
  readonly frame?: WindowFrame | undefined;
}

export interface WindowFrame {
  readonly unit: 'rows' | 'range';
  readonly start: FrameBound;
  readonly end: FrameBound;
}

export type FrameBound =
  | { readonly kind: 'current' }
  | {
      readonly kind: 'preceding' | 'following';
      /** Undefined: UNBOUNDED. */
      readonly offset?: Expression | undefined;
    };

export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
}

export interface Limit {
  readonly count: Expression;
  readonly offset?: Expression | undefined;
}

export interface TableName {
  readonly db?: string | undefined;
  readonly name: string;
}

export type TableReference =
  | {
      readonly kind: 'table';
      readonly name: TableName;
      readonly alias?: string | undefined;
      readonly hints: readonly IndexHint[];
    }
  | {
      readonly kind: 'derived';
      readonly query: Query;
      readonly alias: string;
      readonly columns?: readonly string[] | undefined;
    }
  | {
      readonly kind: 'join';
      readonly type: 'inner' | 'left' | 'right';
      readonly left: TableReference;
      readonly right: TableReference;
      readonly on?: Expression | undefined;
      readonly using?: readonly string[] | undefined;
      readonly natural: boolean;
    };

export interface IndexHint {
  readonly action: 'use' | 'force' | 'ignore';
  readonly indexes: readonly string[];
}

export type SelectItem =
  | { readonly kind: 'star'; readonly db?: string | undefined; readonly table?: string | undefined }
  | { readonly kind: 'expression'; readonly expression: Expression; readonly alias?: string | undefined };

export interface Select {
  readonly kind: 'select';
  readonly with: readonly CommonTable[];
  readonly distinct: boolean;
  readonly items: readonly SelectItem[];
  readonly from?: TableReference | undefined;
  readonly where?: Expression | undefined;
  readonly groupBy: readonly Expression[];
  readonly having?: Expression | undefined;
  readonly windows?: readonly { readonly name: string; readonly spec: WindowSpec }[] | undefined;
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Limit | undefined;
  readonly lock?: 'update' | 'share' | undefined;
  /** What stands there and has no effect in TiDB, which refuses it unless it is told to let such things pass. */
  readonly noop?: string | undefined;
}

/** A UNION, EXCEPT or INTERSECT of two queries. */
export interface Union {
  readonly kind: 'union';
  readonly operator: 'union' | 'except' | 'intersect';
  readonly with: readonly CommonTable[];
  readonly left: Query;
  readonly right: Query;
  readonly all: boolean;
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Limit | undefined;
}

export interface CommonTable {
  readonly name: string;
  /** Whether its query may read itself. */
  readonly recursive: boolean;
  readonly columns?: readonly string[] | undefined;
  readonly query: Query;
}

export type Query = Select | Union;

export interface Assignment {
  readonly column: { readonly db?: string | undefined; readonly table?: string | undefined; readonly name: string };
  readonly value: Expression;
}

export interface Insert {
  readonly kind: 'insert';
  readonly replace: boolean;
  readonly ignore: boolean;
  readonly table: TableName;
  readonly columns?: readonly string[] | undefined;
  readonly rows?: readonly (readonly Expression[])[] | undefined;
  readonly query?: Query | undefined;
  readonly onDuplicate: readonly Assignment[];
}

export interface Update {
  readonly kind: 'update';
  readonly ignore: boolean;
  readonly from: TableReference;
  readonly assignments: readonly Assignment[];
  readonly where?: Expression | undefined;
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Limit | undefined;
}

export interface Delete {
  readonly kind: 'delete';
  readonly ignore: boolean;
  /** The tables rows are deleted from, when there are several or a join. */
  readonly targets?: readonly TableName[] | undefined;
  readonly from: TableReference;
  readonly where?: Expression | undefined;
  readonly orderBy: readonly OrderItem[];
  readonly limit?: Limit | undefined;
}
