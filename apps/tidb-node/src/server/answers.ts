import type { SqlError } from '../sql/errors.js';
import type { OkResult, ResultColumn, SessionStatus } from '../sql/types.js';
import { Capability, ServerStatus } from './capabilities.js';
import { PayloadWriter } from './payload.js';

/** The status flags that go with an answer. */
export function statusFlags(session: SessionStatus, more = false): number {
  return (
    (session.autocommit ? ServerStatus.Autocommit : 0) |
    (session.inTransaction ? ServerStatus.InTransaction : 0) |
    (more ? ServerStatus.MoreResults : 0)
  );
}

export function encodeOk(
  result: Pick<OkResult, 'affectedRows' | 'lastInsertId' | 'info' | 'warnings'>,
  status: number,
  header = 0x00,
): Buffer {
  const writer = new PayloadWriter()
    .uint8(header)
    .lenenc(result.affectedRows)
    .lenenc(BigInt.asUintN(64, result.lastInsertId))
    .uint16(status)
    .uint16(Math.min(result.warnings, 0xffff));
  // Documented as "the rest of the packet", but clients read, and servers send, a length first.
  return (result.info === '' ? writer : writer.lenencBytes(result.info)).finish();
}

const NOTHING = { affectedRows: 0n, lastInsertId: 0n, info: '' };

/** The plain "done". */
export function encodeDone(session: SessionStatus): Buffer {
  return encodeOk({ ...NOTHING, warnings: 0 }, statusFlags(session));
}

/** The packet that ends columns or rows: EOF, or for newer clients an OK packet with EOF's header. */
export function encodeEnd(warnings: number, status: number, capabilities: number): Buffer {
  if (capabilities & Capability.DeprecateEof) return encodeOk({ ...NOTHING, warnings }, status, 0xfe);
  return new PayloadWriter(8).uint8(0xfe).uint16(Math.min(warnings, 0xffff)).uint16(status).finish();
}

export function encodeError(error: SqlError): Buffer {
  return new PayloadWriter().uint8(0xff).uint16(error.errno).raw(`#${error.sqlState}`).raw(error.message).finish();
}

/** Protocol::ColumnDefinition41; COM_FIELD_LIST adds an (always empty) default. */
export function encodeColumn(column: ResultColumn, withDefault = false): Buffer {
  const writer = new PayloadWriter(160)
    .lenencBytes('def')
    .lenencBytes(column.db)
    .lenencBytes(column.table)
    .lenencBytes(column.orgTable)
    .lenencBytes(column.name)
    .lenencBytes(column.orgName)
    .uint8(0x0c)
    .uint16(column.charset)
    .uint32(column.length)
    .uint8(column.type)
    .uint16(column.flags)
    .uint8(column.decimals)
    .zeros(2);
  return withDefault ? writer.uint8(0xfb).finish() : writer.finish();
}
