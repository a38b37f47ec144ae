import { decodeTableKey, type Handle } from '@tidb-js/binlog/codec';
import type { DBInfo } from '@tidb-js/ddl-jobs';
import type { Snapshot } from '../../storage/types.js';
import type { Compiled } from '../functions/function.js';
import type { OrderItem } from '../parse/ast.js';
import { entryHandle } from '../table/index-entry.js';
import { decodeStoredRow, rowKey, type TableLayout } from '../table/layout.js';
import type { Row } from '../types/value.js';
import type { Access, allRows } from './access.js';
import type { ExplainLine, Node, Runtime } from './node.js';
import { holds } from './query.js';
import type { ScopeColumn } from './scope.js';

const BATCH = 256;

/** A row as it was read, with what names it in the store. */
export interface StoredRow {
  readonly handle: Handle;
  readonly row: Row;
}

/** Reads the rows of one table by one way of access. */
export class TableRead implements Node {
  constructor(
    readonly layout: TableLayout,
    readonly schema: DBInfo,
    readonly columns: readonly ScopeColumn[],
    readonly access: Access,
    /** Conditions on this table alone. */
    private readonly filters: readonly Compiled[],
    /** Virtual generated columns, by offset. */
    private readonly generated: readonly { readonly offset: number; readonly compiled: Compiled }[],
    private readonly locks: boolean,
    private readonly reverse = false,
  ) {}

  get isPoint(): boolean {
    return this.access.kind === 'handles' && this.access.handles.length <= 1;
  }

  async *run(runtime: Runtime): AsyncGenerator<readonly Row[]> {
    for await (const batch of this.stored(runtime)) yield batch.map(({ row }) => row);
  }

  /** The rows that the filters hold for, with their handles. */
  async *stored(runtime: Runtime): AsyncGenerator<readonly StoredRow[]> {
    for await (const batch of this.read(runtime.reader, runtime)) {
      const kept = batch.filter(({ row }) => {
        for (const { offset, compiled } of this.generated) row[offset] = compiled.evaluate(row, runtime.evaluation);
        return this.filters.every((filter) => holds(filter, row, runtime));
      });
      if (this.locks) runtime.lockIn?.lockKeys(kept.map(({ handle }) => rowKey(this.layout, handle)));
      if (kept.length > 0) yield kept;
    }
  }

  inOrder(orderBy: readonly OrderItem[]): Node | undefined {
    const [only] = orderBy;
    const { handleColumn } = this.layout;
    if (only === undefined || orderBy.length !== 1 || handleColumn === undefined || only.expression.kind !== 'column')
      return undefined;
    if (only.expression.name.toLowerCase() !== handleColumn.name.L || (handleColumn.type.Flag & 32) !== 0)
      return undefined;
    if (this.access.kind !== 'rows' || this.access.ranges.length > 1) return undefined;
    if (!only.descending) return this;
    return new TableRead(
      this.layout,
      this.schema,
      this.columns,
      this.access,
      this.filters,
      this.generated,
      this.locks,
      true,
    );
  }

  explain(): readonly ExplainLine[] {
    const { access, layout } = this;
    const table = `table:${this.columns[0]?.table ?? layout.table.name.O}`;
    switch (access.kind) {
      case 'handles': {
        const [first] = access.handles;
        if (access.handles.length !== 1) {
          return [
            {
              id: 'Batch_Point_Get',
              rows: `${access.handles.length}.00`,
              task: 'root',
              object: table,
              info: 'keep order:false, desc:false',
            },
          ];
        }
        const clustered = layout.clustered.map(({ column }) => column.name.O).join(', ');
        if (typeof first === 'bigint')
          return [{ id: 'Point_Get', rows: '1.00', task: 'root', object: table, info: `handle:${first}` }];
        return [
          {
            id: 'Point_Get',
            rows: '1.00',
            task: 'root',
            object: `${table}, clustered index:PRIMARY(${clustered})`,
            info: '',
          },
        ];
      }
      case 'uniqueKeys':
        return [
          {
            id: access.keys.length === 1 ? 'Point_Get' : 'Batch_Point_Get',
            rows: `${access.keys.length}.00`,
            task: 'root',
            object: `${table}, index:${access.info}`,
            info: '',
          },
        ];
      case 'rows': {
        const scan = access.full ? 'TableFullScan' : 'TableRangeScan';
        return [
          {
            id: 'TableReader',
            rows: access.full ? '10000.00' : '3333.33',
            task: 'root',
            object: '',
            info: `data:${scan}`,
          },
          {
            id: `└─${scan}`,
            rows: access.full ? '10000.00' : '3333.33',
            task: 'cop[tikv]',
            object: table,
            info: `keep order:${this.reverse}, stats:pseudo`,
          },
        ];
      }
      case 'index': {
        const parts = access.index.idx_cols.map((part) => part.name.O).join(', ');
        return [
          { id: 'IndexLookUp', rows: '10.00', task: 'root', object: '', info: '' },
          {
            id: '├─IndexRangeScan(Build)',
            rows: '10.00',
            task: 'cop[tikv]',
            object: `${table}, index:${access.index.idx_name.O}(${parts})`,
            info: 'keep order:false, stats:pseudo',
          },
          {
            id: '└─TableRowIDScan(Probe)',
            rows: '10.00',
            task: 'cop[tikv]',
            object: table,
            info: 'keep order:false, stats:pseudo',
          },
        ];
      }
    }
  }

  private async *read(reader: Snapshot, runtime: Runtime): AsyncGenerator<StoredRow[]> {
    const { access } = this;
    switch (access.kind) {
      case 'handles':
        for (let at = 0; at < access.handles.length; at += BATCH) {
          yield await this.byHandles(reader, access.handles.slice(at, at + BATCH), runtime);
        }
        return;
      case 'uniqueKeys':
        for (let at = 0; at < access.keys.length; at += BATCH) {
          const keys = access.keys.slice(at, at + BATCH);
          const values =
            keys.length === 1 && keys[0] !== undefined
              ? [await reader.get(keys[0], options(runtime))]
              : await reader.batchGet(keys, options(runtime));
          const handles = keys.flatMap((key, index) => {
            const value = values[index];
            return value === undefined ? [] : [entryHandle(this.layout.table, access.index, key, value)];
          });
          if (handles.length > 0) yield await this.byHandles(reader, handles, runtime);
        }
        return;
      case 'rows':
        for (const range of access.ranges) yield* this.scanRows(reader, range, runtime);
        return;
      case 'index':
        for (const range of access.ranges) {
          let handles: Handle[] = [];
          for await (const { key, value } of reader.scan(range, options(runtime))) {
            handles.push(entryHandle(this.layout.table, access.index, key, value));
            if (handles.length < BATCH) continue;
            yield await this.byHandles(reader, handles, runtime);
            handles = [];
          }
          if (handles.length > 0) yield await this.byHandles(reader, handles, runtime);
        }
    }
  }

  private async *scanRows(
    reader: Snapshot,
    range: ReturnType<typeof allRows>,
    runtime: Runtime,
  ): AsyncGenerator<StoredRow[]> {
    const zone = runtime.evaluation.session.timeZone;
    let batch: StoredRow[] = [];
    for await (const { key, value } of reader.scan(range, { ...options(runtime), reverse: this.reverse })) {
      const decoded = decodeTableKey(key);
      if (decoded.kind !== 'row') continue;
      batch.push({ handle: decoded.handle, row: decodeStoredRow(this.layout, decoded.handle, value, zone) });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }

  private async byHandles(reader: Snapshot, handles: readonly Handle[], runtime: Runtime): Promise<StoredRow[]> {
    const zone = runtime.evaluation.session.timeZone;
    const keys = handles.map((handle) => rowKey(this.layout, handle));
    const [only] = keys;
    const values =
      keys.length === 1 && only !== undefined
        ? [await reader.get(only, options(runtime))]
        : await reader.batchGet(keys, options(runtime));
    return handles.flatMap((handle, index) => {
      const value = values[index];
      return value === undefined ? [] : [{ handle, row: decodeStoredRow(this.layout, handle, value, zone) }];
    });
  }
}

function options(runtime: Runtime): { readonly signal?: AbortSignal | undefined } {
  return { signal: runtime.signal };
}
