/** Numbers of TiDB's error classes, as they stand in the `err` of a job. */
export const ErrorClass = { Ddl: 2, Admin: 7, Kv: 8, Meta: 9, Schema: 14, Table: 19, Types: 20 } as const;

/** An error as a job carries it. */
export interface ErrorObject {
  /** TiDB's class number; newer peers mark it deprecated and write it still. */
  readonly class: number;
  /** The number a MySQL client sees. */
  readonly code: number;
  readonly message: string;
  /** Class and code as text, `ddl:8214`; absent in jobs from before 2020. */
  readonly rfccode?: string;
}
