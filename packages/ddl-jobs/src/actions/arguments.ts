import { DdlError } from '../errors.js';
import type { ColumnPosition } from '../model/column-info.js';
import type { Job } from '../model/job.js';
import { asJson, isJsonObject, type Json } from '../model/json.js';
import { type Name, name, nameOf } from '../model/name.js';

type Fields = { readonly [name: string]: Json };

/** What raw_args are made of in version 1: an array. Reads them one by one, and names what is wrong in those of a stranger. */
export class Arguments {
  readonly #job: Job;
  readonly #values: readonly Json[];

  /** @throws DdlError INVALID_JOB_VERSION (8213) for arguments of another version, INVALID_JOB (8204) when they are no array. */
  constructor(job: Job) {
    if (job.version !== 1) {
      throw new DdlError(
        'INVALID_JOB_VERSION',
        `Invalid DDL job version: ${job.version}; this owner reads arguments of version 1`,
      );
    }
    this.#job = job;
    this.#values = Array.isArray(job.raw_args) ? job.raw_args : job.raw_args === null ? [] : this.#wrong(0, 'an array');
  }

  number(at: number, otherwise?: number): number {
    const value = this.#values[at] ?? otherwise;
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : this.#wrong(at, 'a whole number');
  }

  bigint(at: number): bigint {
    const value = this.#values[at];
    if (typeof value === 'bigint') {
      return value;
    }
    return BigInt(this.number(at));
  }

  text(at: number): string {
    const value = this.#values[at];
    return typeof value === 'string' ? value : this.#wrong(at, 'a text');
  }

  boolean(at: number, otherwise?: boolean): boolean {
    const value = this.#values[at] ?? otherwise;
    return typeof value === 'boolean' ? value : this.#wrong(at, 'true or false');
  }

  object(at: number): Fields {
    const value = this.#values[at];
    return isJsonObject(value) ? value : this.#wrong(at, 'an object');
  }

  list(at: number): readonly Json[] {
    const value = this.#values[at] ?? [];
    return Array.isArray(value) ? value : this.#wrong(at, 'an array');
  }

  name(at: number): Name {
    return nameOf(this.#values[at]) ?? this.#wrong(at, 'a name {"O":…,"L":…}');
  }

  names(at: number): readonly Name[] {
    return this.list(at).map((value) => nameOf(value) ?? this.#wrong(at, 'an array of names {"O":…,"L":…}'));
  }

  numbers(at: number): readonly number[] {
    return this.list(at).map((value) => (typeof value === 'number' ? value : this.#wrong(at, 'an array of numbers')));
  }

  /** TiDB's ColumnPosition: Tp 0 last, 1 first, 2 after a column. */
  position(at: number): ColumnPosition {
    const value = this.#values[at];
    if (!isJsonObject(value) || value.Tp === 0) {
      return 'last';
    }
    if (value.Tp === 1) {
      return 'first';
    }
    const column = value.RelativeColumn;
    const after = isJsonObject(column) ? (nameOf(column.name) ?? nameOf(column.Name)) : undefined;
    return value.Tp === 2 && after !== undefined ? { after: after.O } : this.#wrong(at, 'a column position');
  }

  #wrong(at: number, rule: string): never {
    throw new DdlError('INVALID_JOB', `argument ${at} of job ${this.#job.id} (type ${this.#job.type}) must be ${rule}`);
  }
}

/** A position as TiDB writes it into the arguments. */
export function positionArgument(position: ColumnPosition): Json {
  if (position === 'last') {
    return { Tp: 0, RelativeColumn: null };
  }
  if (position === 'first') {
    return { Tp: 1, RelativeColumn: null };
  }
  return {
    Tp: 2,
    RelativeColumn: asJson({ Schema: name(''), Table: name(''), Name: name(position.after) }),
  };
}
