import type { MetaAccess } from '../meta/meta-buffer.js';
import { hashKey } from '../meta/structure.js';
import type { ReorgRange } from './backend.js';

const hash = 'DDLJobReorg';
const column = '_col_';
const index = '_idx_';

/** What is backfilled: a column or an index, by its id. */
export interface ReorgElement {
  readonly kind: 'column' | 'index';
  readonly id: number;
}

/** How far a job's backfill is durable, in TiDB's fields of `DDLJobReorg`: everything before `start` is done, physical tables before this one too. */
export interface Checkpoint {
  readonly element: ReorgElement;
  readonly range: ReorgRange;
}

/** Reads a job's checkpoint for an element; undefined when it has none. */
export async function readCheckpoint(
  access: MetaAccess,
  jobId: number,
  element: ReorgElement,
): Promise<ReorgRange | undefined> {
  const [start, end, physicalId] = await Promise.all(
    ['', '_end', '_pid'].map((suffix) => access.get(fieldKey(jobId, element, suffix))),
  );
  return start === undefined || end === undefined || physicalId === undefined
    ? undefined
    : { start, end, physicalId: Number(Buffer.from(physicalId).toString('utf8')) };
}

/** Writes a job's checkpoint. */
export function writeCheckpoint(access: MetaAccess, jobId: number, { element, range }: Checkpoint): void {
  access.set(elementKey(jobId), elementBytes(element));
  access.set(fieldKey(jobId, element, ''), range.start);
  access.set(fieldKey(jobId, element, '_end'), range.end);
  access.set(fieldKey(jobId, element, '_pid'), Buffer.from(String(range.physicalId), 'utf8'));
}

/** Removes what a job that has ended left: the element it was at last, and that one's range. */
export async function clearCheckpoints(access: MetaAccess, jobId: number): Promise<void> {
  const bytes = await access.get(elementKey(jobId));
  if (bytes === undefined || bytes.length !== column.length + 8) {
    return;
  }
  const value = Buffer.from(bytes);
  const element: ReorgElement = {
    kind: value.subarray(0, column.length).toString('latin1') === column ? 'column' : 'index',
    id: Number(value.readBigInt64BE(column.length)),
  };
  for (const suffix of ['', '_end', '_pid']) {
    access.delete(fieldKey(jobId, element, suffix));
  }
  access.delete(elementKey(jobId));
}

/** The key that says which element a job's backfill was at last. */
export function elementKey(jobId: number): Buffer {
  return hashKey(hash, Buffer.concat([number(jobId), Buffer.from('_ele', 'latin1')]));
}

function fieldKey(jobId: number, element: ReorgElement, suffix: string): Buffer {
  return hashKey(hash, Buffer.concat([number(jobId), elementBytes(element), Buffer.from(suffix, 'latin1')]));
}

function elementBytes(element: ReorgElement): Buffer {
  return Buffer.concat([Buffer.from(element.kind === 'column' ? column : index, 'latin1'), number(element.id)]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}
