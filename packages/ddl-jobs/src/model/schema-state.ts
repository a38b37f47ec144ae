/** The F1 state of a schema element: what the servers may do with it. Numbers are TiDB's, not an order of life. */
export const SchemaState = {
  /** The element does not exist. */
  None: 0,
  /** Deletes maintain it, nothing else touches it. */
  DeleteOnly: 1,
  /** Every write maintains it, no read uses it. */
  WriteOnly: 2,
  /** As write only, while what was there before is backfilled. */
  WriteReorganization: 3,
  /** As delete only, while what it held is removed. */
  DeleteReorganization: 4,
  /** In full use. */
  Public: 5,
  /** A partition whose replicas are being made. */
  ReplicaOnly: 6,
  /** Usable by global transactions alone. */
  GlobalTxnOnly: 7,
} as const;
export type SchemaState = (typeof SchemaState)[keyof typeof SchemaState];

const words: Readonly<Record<SchemaState, string>> = {
  0: 'none',
  1: 'delete only',
  2: 'write only',
  3: 'write reorganization',
  4: 'delete reorganization',
  5: 'public',
  6: 'replica only',
  7: 'global txn only',
};

/** The word TiDB shows for a schema state; the number itself for one that this version does not know. */
export function schemaStateName(state: number): string {
  return isSchemaState(state) ? words[state] : String(state);
}

/** Whether a number is one of the known schema states. */
export function isSchemaState(state: number): state is SchemaState {
  return state in words;
}
