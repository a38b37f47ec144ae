import type { Expression } from '../parse/ast.js';

/** The expressions directly within one. */
export function children(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case 'assignVariable':
      return [e.value];
    case 'unary':
    case 'is':
    case 'cast':
    case 'convertUsing':
    case 'collate':
    case 'inQuery':
    case 'quantified':
      return [e.operand];
    case 'binary':
      return [e.left, e.right];
    case 'between':
      return [e.operand, e.low, e.high];
    case 'in':
      return [e.operand, ...e.items];
    case 'like':
    case 'regexp':
      return [e.operand, e.pattern];
    case 'case': {
      const branches = e.branches.flatMap(({ when, result }) => [when, result]);
      return [
        ...(e.operand === undefined ? [] : [e.operand]),
        ...branches,
        ...(e.otherwise === undefined ? [] : [e.otherwise]),
      ];
    }
    case 'call':
    case 'aggregate':
      return e.args;
    case 'window':
      return [...e.args, ...e.over.partitionBy, ...e.over.orderBy.map(({ expression }) => expression)];
    case 'interval':
      return [e.amount];
    case 'row':
      return e.items;
    default:
      return [];
  }
}

/** The expression with each part that `change` gives another expression for replaced; the outermost is asked first. */
export function mapExpression(e: Expression, change: (part: Expression) => Expression | undefined): Expression {
  const changed = change(e);
  if (changed !== undefined) return changed;
  const map = (part: Expression) => mapExpression(part, change);
  switch (e.kind) {
    case 'assignVariable':
      return { ...e, value: map(e.value) };
    case 'unary':
    case 'is':
    case 'cast':
    case 'convertUsing':
    case 'collate':
    case 'inQuery':
    case 'quantified':
      return { ...e, operand: map(e.operand) };
    case 'binary':
      return { ...e, left: map(e.left), right: map(e.right) };
    case 'between':
      return { ...e, operand: map(e.operand), low: map(e.low), high: map(e.high) };
    case 'in':
      return { ...e, operand: map(e.operand), items: e.items.map(map) };
    case 'like':
    case 'regexp':
      return { ...e, operand: map(e.operand), pattern: map(e.pattern) };
    case 'case':
      return {
        ...e,
        operand: e.operand === undefined ? undefined : map(e.operand),
        branches: e.branches.map(({ when, result }) => ({ when: map(when), result: map(result) })),
        otherwise: e.otherwise === undefined ? undefined : map(e.otherwise),
      };
    case 'call':
      return { ...e, args: e.args.map(map) };
    case 'aggregate':
      return {
        ...e,
        args: e.args.map(map),
        orderBy: e.orderBy?.map((each) => ({ ...each, expression: map(each.expression) })),
      };
    case 'window':
      return {
        ...e,
        args: e.args.map(map),
        over: {
          ...e.over,
          partitionBy: e.over.partitionBy.map(map),
          orderBy: e.over.orderBy.map((each) => ({ ...each, expression: map(each.expression) })),
        },
      };
    case 'interval':
      return { ...e, amount: map(e.amount) };
    case 'row':
      return { ...e, items: e.items.map(map) };
    default:
      return e;
  }
}

/** Whether a part of an expression is such. */
export function some(e: Expression, test: (part: Expression) => boolean): boolean {
  return test(e) || children(e).some((part) => some(part, test));
}

/** What two expressions share that mean the same: their text, and which `?` stand in it. */
export function identity(e: Expression): string {
  const parameters: number[] = [];
  some(e, (part) => {
    if (part.kind === 'parameter') parameters.push(part.index);
    return false;
  });
  return parameters.length === 0 ? e.text : `${e.text} ${parameters.join()}`;
}

/** Whether an expression is a subquery, or one is compared in it. */
export function isSubquery({ kind }: Expression): boolean {
  return kind === 'query' || kind === 'exists' || kind === 'inQuery' || kind === 'quantified';
}

export function hasAggregate(e: Expression): boolean {
  return some(e, ({ kind }) => kind === 'aggregate');
}

/** The conditions that AND joins. */
export function conjuncts(e: Expression | undefined): Expression[] {
  if (e === undefined) return [];
  return e.kind === 'binary' && e.operator === 'and' ? [...conjuncts(e.left), ...conjuncts(e.right)] : [e];
}
