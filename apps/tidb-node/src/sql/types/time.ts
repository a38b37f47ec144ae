/** What a DateTime is: a DATE has no time of day; a TIMESTAMP is stored in UTC. */
export type DateTimeKind = 'date' | 'datetime' | 'timestamp';

/**
 * A calendar time without a zone, as MySQL keeps it: parts may be zero ('0000-00-00', '2020-00-00'). `fsp` is the number of digits of
 * the fraction that is shown (0 to 6).
 */
export class DateTime {
  constructor(
    readonly kind: DateTimeKind,
    readonly year: number,
    readonly month: number,
    readonly day: number,
    readonly hour = 0,
    readonly minute = 0,
    readonly second = 0,
    readonly micro = 0,
    readonly fsp = 0,
  ) {}

  /** The wall clock of `epochMs` in a zone that is `offsetMinutes` east of UTC. */
  static fromEpoch(epochMs: number, offsetMinutes: number, kind: DateTimeKind, fsp = 0, micro?: number): DateTime {
    const at = new Date(epochMs + offsetMinutes * 60_000);
    return new DateTime(
      kind,
      at.getUTCFullYear(),
      at.getUTCMonth() + 1,
      at.getUTCDate(),
      at.getUTCHours(),
      at.getUTCMinutes(),
      at.getUTCSeconds(),
      micro ?? at.getUTCMilliseconds() * 1000,
      fsp,
    );
  }

  /** Milliseconds since the epoch when the wall clock is read as UTC. */
  toUtcMs(): number {
    return utcMs(this.year, this.month, this.day, this.hour, this.minute, this.second) + Math.floor(this.micro / 1000);
  }

  isZero(): boolean {
    return this.year === 0 && this.month === 0 && this.day === 0 && this.isMidnight();
  }

  isMidnight(): boolean {
    return this.hour === 0 && this.minute === 0 && this.second === 0 && this.micro === 0;
  }

  /** Sorts as time passes; equal for equal parts whatever the kind. */
  compare(other: DateTime): number {
    return (
      this.year - other.year ||
      this.month - other.month ||
      this.day - other.day ||
      this.hour - other.hour ||
      this.minute - other.minute ||
      this.second - other.second ||
      this.micro - other.micro
    );
  }

  as(kind: DateTimeKind, fsp = this.fsp): DateTime {
    if (kind === 'date') return new DateTime('date', this.year, this.month, this.day);
    return this.with(kind, fsp);
  }

  /** Rounded to `fsp` digits of the fraction. */
  round(fsp: number): DateTime {
    const unit = 10 ** (6 - fsp);
    const micro = Math.round(this.micro / unit) * unit;
    if (micro < 1_000_000) return this.with(this.kind, fsp, micro);
    return DateTime.fromEpoch(
      utcMs(this.year, this.month, this.day, this.hour, this.minute, this.second) + 1000,
      0,
      this.kind,
      fsp,
      0,
    );
  }

  /** YYYYMMDD or YYYYMMDDhhmmss. */
  toInteger(): bigint {
    const date = BigInt(this.year * 10_000 + this.month * 100 + this.day);
    return this.kind === 'date'
      ? date
      : date * 1_000_000n + BigInt(this.hour * 10_000 + this.minute * 100 + this.second);
  }

  toString(): string {
    const date = `${pad(this.year, 4)}-${pad(this.month)}-${pad(this.day)}`;
    if (this.kind === 'date') return date;
    return `${date} ${pad(this.hour)}:${pad(this.minute)}:${pad(this.second)}${fraction(this.micro, this.fsp)}`;
  }

  private with(kind: DateTimeKind, fsp: number, micro = this.micro): DateTime {
    return new DateTime(
      kind,
      this.year,
      this.month,
      this.day,
      this.hour,
      this.minute,
      this.second,
      micro,
      kind === 'date' ? 0 : fsp,
    );
  }
}

/** Rules for which dates are valid, from sql_mode. */
export interface DateRules {
  /** '2020-00-10' is refused (NO_ZERO_IN_DATE). */
  readonly noZeroInDate?: boolean;
  /** '0000-00-00' is refused (NO_ZERO_DATE). */
  readonly noZeroDate?: boolean;
}

/**
 * Reads a date or date and time from text: separators of any punctuation, or none (`20200131`, `200131`), two-digit years (70–69),
 * a fraction, a zone offset. Undefined when it is not a valid time.
 */
export function parseDateTime(text: string, kind: DateTimeKind, fsp = 0, rules: DateRules = {}): DateTime | undefined {
  const trimmed = text.trim();
  const zone = /(Z|[+-]\d{2}:?\d{2})$/.exec(trimmed);
  let offset: number | undefined;
  let body = trimmed;
  if (zone !== null && /\d{2}:\d{2}/.test(trimmed.slice(0, zone.index))) {
    body = trimmed.slice(0, zone.index);
    const mark = zone[1] ?? 'Z';
    const digits = mark.replace(':', '');
    offset =
      mark === 'Z' ? 0 : (digits[0] === '-' ? -1 : 1) * (Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5)));
  }
  const parts = splitParts(body);
  if (parts === undefined) return undefined;
  const [year, month, day, hour, minute, second, micro] = parts;
  const value = new DateTime(kind === 'date' ? 'datetime' : kind, year, month, day, hour, minute, second, micro, 6);
  if (!isValid(value, rules)) return undefined;
  const shifted =
    offset === undefined || value.isZero()
      ? value
      : DateTime.fromEpoch(value.toUtcMs() - offset * 60_000, 0, value.kind, 6, value.micro);
  if (kind === 'date') return shifted.as('date');
  const rounded = shifted.round(fsp);
  return rounded.year > 9999 ? undefined : rounded;
}

/** Reads YYMMDD, YYYYMMDD, YYMMDDhhmmss or YYYYMMDDhhmmss from a number. */
export function dateTimeFromNumber(
  value: bigint,
  kind: DateTimeKind,
  fsp = 0,
  rules: DateRules = {},
): DateTime | undefined {
  if (value < 0n) return undefined;
  if (value === 0n) return parseDateTime('0000-00-00', kind, fsp, rules);
  const text = value.toString();
  if (text.length < 3 || text.length > 14) return undefined;
  const width = text.length <= 6 ? 6 : text.length <= 8 ? 8 : text.length <= 12 ? 12 : 14;
  return parseDateTime(text.padStart(width, '0'), kind, fsp, rules);
}

type Parts = [number, number, number, number, number, number, number];

function splitParts(text: string): Parts | undefined {
  const compact = /^(\d+)(?:\.(\d*))?$/.exec(text);
  if (compact !== null) {
    const digits = compact[1] ?? '';
    const yearWidth = digits.length === 8 || digits.length === 14 ? 4 : 2;
    if (![6, 8, 12, 14].includes(digits.length) && !(digits.length === 5 || digits.length === 7)) return undefined;
    const numbers: number[] = [expandYear(Number(digits.slice(0, yearWidth)), yearWidth)];
    for (let at = yearWidth; at < digits.length; at += 2) numbers.push(Number(digits.slice(at, at + 2)));
    while (numbers.length < 6) numbers.push(0);
    return [...(numbers.slice(0, 6) as [number, number, number, number, number, number]), micros(compact[2])];
  }
  const match =
    /^(\d{1,4})[^\w\s](\d{1,2})[^\w\s](\d{1,2})(?:(?:[T\s]\s*|[^\w\s])(\d{1,2})(?:[^\w\s](\d{1,2})(?:[^\w\s](\d{1,2})(?:\.(\d*))?)?)?)?$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [, year = '', month, day, hour = '0', minute = '0', second = '0', rest] = match;
  return [
    expandYear(Number(year), year.length),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    micros(rest),
  ];
}

function expandYear(year: number, width: number): number {
  if (width > 2) return year;
  return year < 70 ? 2000 + year : 1900 + year;
}

function micros(digits: string | undefined): number {
  if (digits === undefined || digits === '') return 0;
  const six = Number(digits.slice(0, 6).padEnd(6, '0'));
  return digits.length > 6 && (digits[6] ?? '0') >= '5' ? six + 1 : six;
}

function isValid(value: DateTime, rules: DateRules): boolean {
  if (value.month > 12 || value.day > 31 || value.hour > 23 || value.minute > 59 || value.second > 59) return false;
  if (value.year === 0 && value.month === 0 && value.day === 0) {
    return rules.noZeroDate !== true;
  }
  if (value.month === 0 || value.day === 0) return rules.noZeroInDate !== true;
  return value.day <= daysInMonth(value.year, value.month);
}

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();
}

/** Date.UTC without its reading of years 0 to 99 as 19xx. */
export function utcMs(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  at.setUTCHours(hour, minute, second, 0);
  return at.getTime();
}

export function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}

/** `.ffffff` cut to fsp digits, or nothing. */
export function fraction(micro: number, fsp: number): string {
  return fsp === 0 ? '' : `.${pad(micro, 6).slice(0, fsp)}`;
}
