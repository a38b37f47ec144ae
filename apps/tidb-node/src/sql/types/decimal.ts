/** The most digits of a DECIMAL after the point. */
const MAX_DECIMAL_SCALE = 30;

const POWERS: bigint[] = [1n];

/** Ten to the power of n. */
export function pow10(n: number): bigint {
  for (let at = POWERS.length; at <= n; at++) POWERS.push((POWERS[at - 1] ?? 1n) * 10n);
  return POWERS[n] ?? 10n ** BigInt(n);
}

/** Decimals are kept in words of so many digits: a quotient fills its last word. */
const WORD_DIGITS = 9;

function filled(digits: number): number {
  return Math.ceil(digits / WORD_DIGITS) * WORD_DIGITS;
}

/**
 * An exact decimal number: `unscaled / 10^scale`. Rounds half away from zero, as MySQL does. A quotient holds more digits than it shows, so
 * that 1 / 3 * 3 is 1.0000 though 1 / 3 is 0.3333.
 */
export class Decimal {
  constructor(
    readonly unscaled: bigint,
    readonly scale: number,
    /** Digits after the point in its text; those beyond count in what is reckoned with it. */
    readonly shown = scale,
  ) {}

  /** Reads `[+-]digits[.digits][e[+-]digits]`; undefined when the text is no number. */
  static parse(text: string): Decimal | undefined {
    const match = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?\s*$/.exec(text);
    if (match === null) return undefined;
    const [, sign, whole = '', fraction = '', exponent] = match;
    if (whole === '' && fraction === '') return undefined;
    let unscaled = BigInt(whole + fraction || '0');
    let scale = fraction.length - (exponent === undefined ? 0 : Number(exponent));
    if (scale < 0) {
      unscaled *= pow10(Math.min(-scale, 400));
      scale = 0;
    }
    if (scale > 400) return new Decimal(0n, MAX_DECIMAL_SCALE);
    return new Decimal(sign === '-' ? -unscaled : unscaled, scale);
  }

  static fromBigInt(value: bigint): Decimal {
    return new Decimal(value, 0);
  }

  /** The shortest decimal that reads back as the same double; zero for what is no finite number. */
  static fromNumber(value: number): Decimal {
    return (Number.isFinite(value) ? Decimal.parse(String(value)) : undefined) ?? new Decimal(0n, 0);
  }

  /** Number of digits before and after the point, without leading zeros. */
  get precision(): number {
    const digits = (this.unscaled < 0n ? -this.unscaled : this.unscaled).toString().length;
    return Math.max(digits, this.scale === 0 ? 1 : this.scale);
  }

  /** Digits before the point, 0 for a pure fraction. */
  get integerDigits(): number {
    const whole = (this.unscaled < 0n ? -this.unscaled : this.unscaled) / pow10(this.scale);
    return whole === 0n ? 0 : whole.toString().length;
  }

  round(scale: number): Decimal {
    if (scale >= this.scale) return scale === this.shown ? this : this.rescale(scale);
    if (scale < 0) {
      return new Decimal(divideHalfUp(this.unscaled, pow10(this.scale - scale)) * pow10(-scale), 0);
    }
    return new Decimal(divideHalfUp(this.unscaled, pow10(this.scale - scale)), scale);
  }

  truncate(scale: number): Decimal {
    if (scale >= this.scale) return this.rescale(this.scale);
    if (scale < 0) return new Decimal((this.unscaled / pow10(this.scale - scale)) * pow10(-scale), 0);
    return new Decimal(this.unscaled / pow10(this.scale - scale), scale);
  }

  add(other: Decimal): Decimal {
    const scale = Math.max(this.scale, other.scale);
    const shown = Math.max(this.shown, other.shown);
    return new Decimal(this.rescale(scale).unscaled + other.rescale(scale).unscaled, scale, shown);
  }

  subtract(other: Decimal): Decimal {
    return this.add(other.negate());
  }

  multiply(other: Decimal): Decimal {
    const product = new Decimal(this.unscaled * other.unscaled, this.scale + other.scale);
    const { unscaled, scale } = product.truncate(Math.min(product.scale, MAX_DECIMAL_SCALE));
    return new Decimal(unscaled, scale, Math.min(this.shown + other.shown, scale));
  }

  /** Quotient that shows `increment` more digits than the dividend (div_precision_increment); undefined for a zero divisor. */
  divide(other: Decimal, increment = 4): Decimal | undefined {
    if (other.unscaled === 0n) return undefined;
    const words = filled(this.scale) + filled(other.scale);
    const scale = filled(words + Math.max(increment - (words - this.scale - other.scale), 0));
    const numerator = this.unscaled * pow10(scale + other.scale);
    const shown = Math.min(this.shown + increment, MAX_DECIMAL_SCALE);
    return new Decimal(numerator / (other.unscaled * pow10(this.scale)), scale, shown);
  }

  /** The same number with a text of `shown` digits after the point. */
  showing(shown: number): Decimal {
    return shown > this.scale ? this.rescale(shown) : new Decimal(this.unscaled, this.scale, shown);
  }

  /** Remainder with the sign of the dividend; undefined for a zero divisor. */
  remainder(other: Decimal): Decimal | undefined {
    if (other.unscaled === 0n) return undefined;
    const scale = Math.max(this.scale, other.scale);
    const shown = Math.max(this.shown, other.shown);
    return new Decimal(this.rescale(scale).unscaled % other.rescale(scale).unscaled, scale, shown);
  }

  negate(): Decimal {
    return new Decimal(-this.unscaled, this.scale, this.shown);
  }

  compare(other: Decimal): number {
    const scale = Math.max(this.scale, other.scale);
    const left = this.rescale(scale).unscaled;
    const right = other.rescale(scale).unscaled;
    return left < right ? -1 : left > right ? 1 : 0;
  }

  isZero(): boolean {
    return this.unscaled === 0n;
  }

  /** Rounded to the nearest integer. */
  toBigInt(): bigint {
    return this.round(0).unscaled;
  }

  toNumber(): number {
    return Number(this.digits());
  }

  toString(): string {
    return this.shown < this.scale ? this.round(this.shown).digits() : this.digits();
  }

  private digits(): string {
    const negative = this.unscaled < 0n;
    const digits = (negative ? -this.unscaled : this.unscaled).toString().padStart(this.scale + 1, '0');
    const whole = digits.slice(0, digits.length - this.scale);
    const sign = negative ? '-' : '';
    return this.scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(digits.length - this.scale)}`;
  }

  private rescale(scale: number): Decimal {
    if (scale === this.scale && scale === this.shown) return this;
    return new Decimal(this.unscaled * pow10(scale - this.scale), scale);
  }
}

function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const quotient = (n * 2n + d) / (d * 2n);
  return negative ? -quotient : quotient;
}

/** The largest value a DECIMAL(precision, scale) holds: all nines. */
export function maxDecimal(precision: number, scale: number): Decimal {
  return new Decimal(pow10(precision) - 1n, scale);
}
