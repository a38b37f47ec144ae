import { BinlogError } from '../errors.js';
import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { type Datum, readDatum, varintFlag, writeValue } from './datum.js';

/** One column of a row: its id and its datum. */
export interface Cell {
  readonly columnId: number;
  readonly datum: Datum;
}

/** Appends a row in the first format: column ids and values in turn; a row without cells is one zero byte. */
export function writeRowV1(writer: ByteWriter, cells: readonly Cell[]): void {
  if (cells.length === 0) writer.uint8(0);
  for (const { columnId, datum } of cells) {
    writeValue(writer, { kind: 'int', value: BigInt(columnId) });
    writeValue(writer, datum);
  }
}

/**
 * Reads the cells that are left in the reader, in the order in which they stand (an updated row has each column twice).
 *
 * @throws BinlogError `MALFORMED`
 */
export function readRowV1(reader: ByteReader): Cell[] {
  const cells: Cell[] = [];
  if (reader.remaining === 1 && reader.peek() === 0) {
    reader.uint8();
    return cells;
  }
  while (reader.remaining > 0) {
    cells.push({ columnId: readColumnId(reader), datum: readDatum(reader) });
  }
  return cells;
}

function readColumnId(reader: ByteReader): number {
  const start = reader.position;
  if (reader.peek() === varintFlag) {
    reader.position++;
    const short = reader.varintNumber();
    if (Number.isSafeInteger(short)) return short;
    reader.position = start;
  }
  const datum = readDatum(reader);
  const columnId = datum.kind === 'int' ? Number(datum.value) : Number.NaN;
  if (Number.isSafeInteger(columnId)) return columnId;
  throw new BinlogError('MALFORMED', `byte ${start}: a column id belongs here, not a ${datum.kind}`);
}
