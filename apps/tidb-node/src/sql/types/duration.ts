import { fraction, pad } from './time.js';

/** The largest TIME: 838:59:59, in microseconds. */
export const MAX_DURATION_MICROS = (838 * 3600 + 59 * 60 + 59) * 1_000_000;

/** A TIME value: a signed span in microseconds (its largest fits a double exactly). */
export class Duration {
  constructor(
    readonly micros: number,
    readonly fsp = 0,
  ) {}

  static fromParts(negative: boolean, hours: number, minutes: number, seconds: number, micro: number, fsp: number) {
    const total = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micro;
    return new Duration(negative ? -total : total, fsp);
  }

  get negative(): boolean {
    return this.micros < 0;
  }

  get hour(): number {
    return Math.floor(Math.abs(this.micros) / 3_600_000_000);
  }

  get minute(): number {
    return Math.floor(Math.abs(this.micros) / 60_000_000) % 60;
  }

  get second(): number {
    return Math.floor(Math.abs(this.micros) / 1_000_000) % 60;
  }

  get micro(): number {
    return Math.abs(this.micros) % 1_000_000;
  }

  round(fsp: number): Duration {
    const unit = 10 ** (6 - fsp);
    const rounded = Math.round(Math.abs(this.micros) / unit) * unit;
    return new Duration(this.micros < 0 ? -rounded : rounded, fsp);
  }

  /** [-]hhmmss. */
  toInteger(): bigint {
    const value = BigInt(this.hour * 10_000 + this.minute * 100 + this.second);
    return this.micros < 0 ? -value : value;
  }

  toString(): string {
    const sign = this.micros < 0 ? '-' : '';
    return `${sign}${pad(this.hour)}:${pad(this.minute)}:${pad(this.second)}${fraction(this.micro, this.fsp)}`;
  }
}

/**
 * Reads `[D ]hh:mm[:ss[.f]]`, `[D ]hh`, `hhmmss[.f]` or the time of a date and time. Undefined when it is none of them. The value may lie
 * beyond MAX_DURATION_MICROS: the caller decides whether that is an error or is cut.
 */
export function parseDuration(text: string, fsp = 0): Duration | undefined {
  const trimmed = text.trim();
  const dated = /^\d{1,4}-\d{1,2}-\d{1,2}[ T](\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d*)?)?)$/.exec(trimmed);
  const match = /^(-)?(?:(\d+)\s+)?(\d+)(?::(\d{1,2}))?(?::(\d{1,2}))?(?:\.(\d*))?$/.exec(dated?.[1] ?? trimmed);
  if (match === null) return undefined;
  const [, minus, days, first = '0', second, third, rest] = match;
  const micro = rest === undefined || rest === '' ? 0 : Number(`0.${rest}`) * 1_000_000;
  let hours: number;
  let minutes: number;
  let seconds: number;
  if (second === undefined && days === undefined) {
    const number = Number(first);
    hours = Math.floor(number / 10_000);
    minutes = Math.floor(number / 100) % 100;
    seconds = number % 100;
  } else {
    hours = Number(days ?? 0) * 24 + Number(first);
    minutes = Number(second ?? 0);
    seconds = Number(third ?? 0);
  }
  if (minutes > 59 || seconds > 59) return undefined;
  return Duration.fromParts(minus !== undefined, hours, minutes, seconds, Math.round(micro), 6).round(fsp);
}
