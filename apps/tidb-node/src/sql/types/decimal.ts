/** The most digits of a DECIMAL after the point. */
const MAX_DECIMAL_SCALE = 30;

const POWERS: bigint[] = [1n];

/** Ten to the power of n. */
export function pow10(n: number): bigint {
  for (let at = POWERS.length; at <= n; at++) POWERS.push((POWERS[at - 1] ?? 1n) * 10n);
  return POWERS[n] ?? 10n ** BigInt(n);
}

/** An exact decimal number: `unscaled / 10^scale`. Rounds half away from zero, as MySQL does. */
export class Decimal {
  constructor(
    readonly unscaled: bigint,
    readonly scale: number,
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
    if (scale >= this.scale) return scale === this.scale ? this : this.rescale(scale);
    if (scale < 0) {
      return new Decimal(divideHalfUp(this.unscaled, pow10(this.scale - scale)) * pow10(-scale), 0);
    }
    return new Decimal(divideHalfUp(this.unscaled, pow10(this.scale - scale)), scale);
  }

  truncate(scale: number): Decimal {
    if (scale >= this.scale) return this;
    if (scale < 0) return new Decimal((this.unscaled / pow10(this.scale - scale)) * pow10(-scale), 0);
    return new Decimal(this.unscaled / pow10(this.scale - scale), scale);
  }

  add(other: Decimal): Decimal {
    const scale = Math.max(this.scale, other.scale);
    return new Decimal(this.rescale(scale).unscaled + other.rescale(scale).unscaled, scale);
  }

  subtract(other: Decimal): Decimal {
    return this.add(other.negate());
  }

  multiply(other: Decimal): Decimal {
    const scale = this.scale + other.scale;
    const product = new Decimal(this.unscaled * other.unscaled, scale);
    return scale > MAX_DECIMAL_SCALE ? product.truncate(MAX_DECIMAL_SCALE) : product;
  }

  /** Quotient with `increment` more digits than the dividend (div_precision_increment); undefined for a zero divisor. */
  divide(other: Decimal, increment = 4): Decimal | undefined {
    if (other.unscaled === 0n) return undefined;
    const scale = Math.min(this.scale + increment, MAX_DECIMAL_SCALE);
    const numerator = this.unscaled * pow10(scale + other.scale);
    return new Decimal(divideHalfUp(numerator, other.unscaled * pow10(this.scale)), scale);
  }

  /** Remainder with the sign of the dividend; undefined for a zero divisor. */
  remainder(other: Decimal): Decimal | undefined {
    if (other.unscaled === 0n) return undefined;
    const scale = Math.max(this.scale, other.scale);
    return new Decimal(this.rescale(scale).unscaled % other.rescale(scale).unscaled, scale);
  }

  negate(): Decimal {
    return new Decimal(-this.unscaled, this.scale);
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
    return Number(this.toString());
  }

  toString(): string {
    const negative = this.unscaled < 0n;
    const digits = (negative ? -this.unscaled : this.unscaled).toString().padStart(this.scale + 1, '0');
    const whole = digits.slice(0, digits.length - this.scale);
    const sign = negative ? '-' : '';
    return this.scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(digits.length - this.scale)}`;
  }

  private rescale(scale: number): Decimal {
    return scale === this.scale ? this : new Decimal(this.unscaled * pow10(scale - this.scale), scale);
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
