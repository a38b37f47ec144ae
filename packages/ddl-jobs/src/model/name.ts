import { isJsonObject, type Json } from './json.js';

/** A name that compares without case: as it was written, and in lower case (TiDB's CIStr). */
export interface Name {
  readonly O: string;
  readonly L: string;
}

/** The name in parsed JSON; undefined when it is none. */
export function nameOf(value: Json | undefined): Name | undefined {
  return isJsonObject(value) && typeof value.O === 'string' && typeof value.L === 'string'
    ? { O: value.O, L: value.L }
    : undefined;
}

/** Makes a {@link Name} of what a user wrote. */
export function name(original: string): Name {
  return { O: original, L: original.toLowerCase() };
}

/** Whether a name is meant by a text, whatever its case. */
export function sameName(one: Name, other: Name | string): boolean {
  return one.L === (typeof other === 'string' ? other.toLowerCase() : other.L);
}
