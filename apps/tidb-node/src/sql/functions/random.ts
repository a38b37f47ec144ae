import { DOUBLE_TYPE } from '../types/field-type.js';
import { toInteger } from '../types/number.js';
import { truncated } from './context.js';
import type { Compiled } from './function.js';

/** Both halves of the state stay below it. */
const MODULUS = 0x3fff_ffffn;

/** MySQL's generator behind RAND(seed): a seed gives the same numbers on every server. */
export class SeededRandom {
  #first: bigint;
  #second: bigint;

  constructor(seed: bigint) {
    this.#first = BigInt.asUintN(32, seed * 0x10001n + 55_555_555n) % MODULUS;
    this.#second = BigInt.asUintN(32, seed * 0x1000_0001n) % MODULUS;
  }

  /** The next number, from 0 up to 1. */
  next(): number {
    this.#first = (this.#first * 3n + this.#second) % MODULUS;
    this.#second = (this.#first + this.#second + 33n) % MODULUS;
    return Number(this.#first) / Number(MODULUS);
  }
}

/** RAND(constant): one sequence for each call in a statement's text. */
export function randomSequence(seed: Compiled, text: string): Compiled {
  return {
    type: DOUBLE_TYPE,
    constant: false,
    text,
    evaluate: (row, c) => {
      let random = c.random.get(seed);
      if (random === undefined) {
        const value = seed.evaluate(row, c);
        random = new SeededRandom(value === null ? 0n : toInteger(value, truncated(c)));
        c.random.set(seed, random);
      }
      return random.next();
    },
  };
}
