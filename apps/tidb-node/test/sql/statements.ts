/** A generator of numbers that gives the same ones for the same seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0 || 1;
  }

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % n;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}

/** Tables that the statements are about. */
export const TABLES = [
  'create table a (id int primary key, n int, s varchar(20), d decimal(8,2), t datetime, key kn(n), key ks(s))',
  'create table b (k varchar(10), v int not null default 3, w bigint unsigned, primary key (k), unique key uv(v))',
  'create table c (x int, y int, z varchar(10) collate utf8mb4_general_ci, primary key (x, y), key kz(z(3)))',
];

const TEXTS = ["'abc'", "'Abc'", "'b'", "''", "'zz top'", "'10'", "'1.5x'", "'é'", 'null'];
const NUMBERS = ['0', '1', '2', '3', '5', '7', '-1', '10', '100', '2147483647', 'null'];
const DATES = ["'2020-01-31 10:20:30'", "'2021-12-31'", "'1999-02-28 23:59:59'", 'null'];
const DECIMALS = ['1.5', '2.25', '-3.75', '100', '0.005', '999999.99', 'null'];

/** A statement on the tables, valid or not. */
export function statement(r: Random): string {
  switch (r.below(12)) {
    case 0:
    case 1:
      return `${r.pick(['insert', 'insert ignore', 'replace', 'insert'])} into a values (${r.below(20)}, ${r.pick(NUMBERS)}, ${r.pick(TEXTS)}, ${r.pick(DECIMALS)}, ${r.pick(DATES)})`;
    case 2:
      return `insert into b (k, v, w) values (${r.pick(TEXTS)}, ${r.pick(NUMBERS)}, ${r.pick(NUMBERS)}) on duplicate key update v = v + ${r.below(5)}, w = ${r.below(9)}`;
    case 3:
      return `insert into c values (${r.below(5)}, ${r.below(5)}, ${r.pick(TEXTS)}), (${r.below(5)}, ${r.below(5)}, ${r.pick(TEXTS)})`;
    case 4:
      return `update a set n = ${number(r, 2)}, s = ${r.pick(TEXTS)} where ${condition(r)}`;
    case 5:
      return `update c set y = y + ${r.below(3)} where z ${r.pick(['=', '>', '<', '<=>', 'like'])} ${r.pick(TEXTS)}`;
    case 6:
      return `delete from ${r.pick(['a', 'a', 'c'])} where ${r.pick(['1=0', `${r.below(4)} = 3`])} or ${r.below(20)} = ${r.below(20)}`;
    case 7:
      return `update a set id = id + ${r.below(20)} where id = ${r.below(20)}`;
    default:
      return query(r);
  }
}

function number(r: Random, depth: number): string {
  if (depth === 0) return r.pick(['n', 'id', 'd', ...NUMBERS.slice(0, 8)]);
  switch (r.below(9)) {
    case 0:
      return `(${number(r, depth - 1)} ${r.pick(['+', '-', '*', 'div', '%'])} ${r.pick(['1', '2', '3', 'id'])})`;
    case 1:
      return `abs(${number(r, depth - 1)})`;
    case 2:
      return `ifnull(${number(r, depth - 1)}, ${r.below(9)})`;
    case 3:
      return 'length(s)';
    case 4:
      return `if(${condition(r)}, ${number(r, depth - 1)}, ${r.below(9)})`;
    case 5:
      return `case when ${condition(r)} then ${r.below(5)} else ${r.below(5)} end`;
    default:
      return number(r, 0);
  }
}

function text(r: Random): string {
  switch (r.below(8)) {
    case 0:
      return `concat(s, ${r.pick(TEXTS)})`;
    case 1:
      return `upper(s)`;
    case 2:
      return `substring(s, ${r.below(5) - 2}, ${r.below(4)})`;
    case 3:
      return `replace(s, 'b', 'xy')`;
    case 4:
      return `lpad(s, ${r.below(8)}, '*')`;
    case 5:
      return `trim(s)`;
    case 6:
      return `date_format(t, '%Y/%m/%d %H')`;
    default:
      return 's';
  }
}

function condition(r: Random): string {
  switch (r.below(10)) {
    case 0:
      return `id ${r.pick(['=', '<', '>', '<=', '>=', '!='])} ${r.below(20)}`;
    case 1:
      return `n ${r.pick(['=', '<', '>', '<=>'])} ${r.pick(NUMBERS)}`;
    case 2:
      return `s ${r.pick(['=', '<', '>', 'like', '<=>'])} ${r.pick(TEXTS)}`;
    case 3:
      return `n is ${r.pick(['', 'not '])}null`;
    case 4:
      return `id in (${r.below(20)}, ${r.below(20)}, ${r.below(20)})`;
    case 5:
      return `n between ${r.below(3)} and ${r.below(9)}`;
    case 6:
      return `(${condition(r)} ${r.pick(['and', 'or'])} ${condition(r)})`;
    case 7:
      return `not (id > ${r.below(20)})`;
    case 8:
      return `t ${r.pick(['>', '<', '='])} ${r.pick(DATES)}`;
    default:
      return `d ${r.pick(['>', '<', '='])} ${r.pick(DECIMALS)}`;
  }
}

function query(r: Random): string {
  switch (r.below(13)) {
    case 9:
      return `select id from a where ${r.pick(['', 'not '])}exists (select 1 from c where c.x = a.n and c.y ${r.pick(['<', '>='])} a.id) order by id`;
    case 10:
      return `select id, (select ${r.pick(['max(y)', 'count(*)', 'min(z)'])} from c where c.x = a.id) as e from a where ${condition(r)} order by id`;
    case 11:
      return `select x, y from c where y ${r.pick(['>', '<=', '='])} ${r.pick(['all', 'any'])} (select n from a where a.id ${r.pick(['=', '<'])} c.x) order by x, y`;
    case 12:
      return `select n, count(*) as k from a group by n having k > (select count(*) from c where c.x = a.n) order by n`;
    case 0:
      return `select id, ${number(r, 3)} as e from a where ${condition(r)} order by id`;
    case 1:
      return `select id, ${text(r)} as e from a where ${condition(r)} order by id desc limit ${r.below(9)}`;
    case 2:
      return `select s, count(*), sum(n), min(id), max(d), avg(n) from a where ${condition(r)} group by s order by s`;
    case 3:
      return `select count(*), count(distinct n), sum(d), group_concat(id order by id) from a where ${condition(r)}`;
    case 4:
      return `select a.id, c.y, c.z from a ${r.pick(['join', 'left join'])} c on a.n = c.x where ${r.pick(['1=1', 'a.id < 10'])} order by a.id, c.y`;
    case 5:
      return `select distinct n from a where ${condition(r)} order by n`;
    case 6:
      return `select id from a where n in (select x from c where y ${r.pick(['<', '>'])} ${r.below(5)}) order by id`;
    case 7:
      return `select k, v, w from b where k ${r.pick(['=', '>=', '<'])} ${r.pick(TEXTS)} order by k`;
    default:
      return `select x, y, z from c where z = ${r.pick(TEXTS)} or x = ${r.below(5)} order by x, y`;
  }
}
