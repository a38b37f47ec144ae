import type { Query } from './ast.js';
import { parseColumnDefinition, parseConstraint } from './column-definition.js';
import type { Cursor } from './cursor.js';
import type {
  ColumnDefinition,
  Constraint,
  CreateTable,
  PartitionBy,
  PartitionDefinition,
  TableOption,
} from './ddl-ast.js';
import { parseExpression } from './expression.js';
import { parseQuery, parseTableName } from './query.js';

/** What follows CREATE [TEMPORARY] TABLE. */
export function parseCreateTable(c: Cursor, temporary: boolean): CreateTable {
  const ifNotExists = c.accept('IF', 'NOT', 'EXISTS');
  const name = parseTableName(c);
  const columns: ColumnDefinition[] = [];
  const constraints: Constraint[] = [];
  const empty = { kind: 'createTable', ifNotExists, temporary, name, columns, constraints, options: [] } as const;
  if (c.accept('LIKE')) return { ...empty, like: parseTableName(c) };
  if (c.accept('(')) {
    if (c.accept('LIKE')) {
      const like = parseTableName(c);
      c.expect(')');
      return { ...empty, like };
    }
    if (c.sees('SELECT')) {
      const query = parseQuery(c);
      c.expect(')');
      return { ...empty, query };
    }
    do {
      const constraint = parseConstraint(c);
      if (constraint === undefined) columns.push(parseColumnDefinition(c));
      else constraints.push(constraint);
    } while (c.accept(','));
    c.expect(')');
  }
  const options = parseTableOptions(c);
  const partition = c.sees('PARTITION') ? parsePartitionBy(c) : undefined;
  let query: Query | undefined;
  if (c.accept('AS') || c.sees('SELECT')) query = parseQuery(c);
  return { ...empty, options, partition, query };
}

const VALUED = new Set(
  `ENGINE AUTO_INCREMENT COMMENT AVG_ROW_LENGTH CHECKSUM COMPRESSION CONNECTION DELAY_KEY_WRITE ENCRYPTION INSERT_METHOD KEY_BLOCK_SIZE MAX_ROWS
  MIN_ROWS PACK_KEYS PASSWORD ROW_FORMAT STATS_AUTO_RECALC STATS_PERSISTENT STATS_SAMPLE_PAGES TABLESPACE AUTO_ID_CACHE AUTO_RANDOM_BASE
  SHARD_ROW_ID_BITS PRE_SPLIT_REGIONS SECONDARY_ENGINE NODEGROUP TTL_ENABLE PLACEMENT FORCE`.split(/\s+/),
);

/** Options of a table or a database, with or without `=` and commas between. */
export function parseTableOptions(c: Cursor): TableOption[] {
  const options: TableOption[] = [];
  for (;;) {
    const before = c.position;
    const comma = options.length > 0 && c.accept(',');
    const option = parseTableOption(c);
    if (option === undefined) {
      if (comma) c.rewind(before);
      return options;
    }
    options.push(option);
  }
}

function parseTableOption(c: Cursor): TableOption | undefined {
  const before = c.position;
  c.accept('DEFAULT');
  if (c.accept('CHARACTER', 'SET') || c.accept('CHARSET') || c.accept('CHAR', 'SET')) {
    c.accept('=');
    return { name: 'CHARSET', value: c.collationName() };
  }
  if (c.accept('COLLATE')) {
    c.accept('=');
    return { name: 'COLLATE', value: c.collationName() };
  }
  if (c.accept('DATA', 'DIRECTORY') || c.accept('INDEX', 'DIRECTORY')) {
    c.accept('=');
    return { name: 'DIRECTORY', value: c.string() };
  }
  if (c.accept('UNION')) {
    c.accept('=');
    c.list(() => parseTableName(c));
    return { name: 'UNION', value: '' };
  }
  const { word } = c.token;
  if (!VALUED.has(word)) {
    c.rewind(before);
    return undefined;
  }
  c.advance();
  if (word === 'FORCE') return { name: 'FORCE', value: '' };
  c.accept('=');
  const { kind } = c.token;
  if (kind === 'integer') return { name: word, value: c.integer() };
  return { name: word, value: kind === 'string' ? c.string() : c.anyName() };
}

export function parsePartitionBy(c: Cursor): PartitionBy {
  c.expect('PARTITION', 'BY');
  c.accept('LINEAR');
  const word = c.acceptAny('RANGE', 'LIST', 'HASH', 'KEY');
  if (word === undefined) throw c.error();
  let type = word.toLowerCase() as PartitionBy['type'];
  let columns: string[] = [];
  let expression: PartitionBy['expression'];
  if ((word === 'RANGE' || word === 'LIST') && c.accept('COLUMNS')) {
    type = `${type} columns` as PartitionBy['type'];
    columns = c.list(() => c.name());
  } else if (word === 'KEY') {
    c.expect('(');
    if (!c.sees(')')) columns = c.commaList(() => c.name());
    c.expect(')');
  } else {
    c.expect('(');
    expression = parseExpression(c);
    c.expect(')');
  }
  const count = c.accept('PARTITIONS') ? c.smallInteger() : undefined;
  const definitions = c.sees('(') ? parsePartitionDefinitions(c) : [];
  return { type, expression, columns, count, definitions };
}

export function parsePartitionDefinitions(c: Cursor): PartitionDefinition[] {
  return c.list(() => {
    c.expect('PARTITION');
    const name = c.name();
    let lessThan: PartitionDefinition['lessThan'];
    let inValues: PartitionDefinition['inValues'];
    if (c.accept('VALUES', 'LESS', 'THAN')) {
      if (c.accept('MAXVALUE')) lessThan = ['maxvalue'];
      else lessThan = c.list(() => (c.accept('MAXVALUE') ? ('maxvalue' as const) : parseExpression(c)));
    } else if (c.accept('VALUES', 'IN')) inValues = c.list(() => parseExpression(c));
    let comment = '';
    for (const option of parseTableOptions(c)) if (option.name === 'COMMENT') comment = String(option.value);
    return { name, lessThan, inValues, comment };
  });
}
