import { BinlogError } from '../errors.js';

/** A calendar time as TiDB packs it: parts without a zone, any of which may be zero. */
export interface TimeParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micro: number;
}

/**
 * Packs a DATE, DATETIME or (in UTC) TIMESTAMP into the 64-bit number that rows and keys hold. Sorts as time passes.
 *
 * @throws BinlogError `INVALID_VALUE` for a part out of its range.
 */
export function packTime(parts: TimeParts): bigint {
  const { year, month, day, hour, minute, second, micro } = parts;
  const ok =
    inside(year, 9999) &&
    inside(month, 12) &&
    inside(day, 31) &&
    inside(hour, 23) &&
    inside(minute, 59) &&
    inside(second, 59) &&
    inside(micro, 999_999);
  if (!ok) throw new BinlogError('INVALID_VALUE', `${timeText(parts, 6)} is no time: a part is out of its range`);
  const date = (year * 13 + month) * 32 + day;
  const clock = (hour * 64 + minute) * 64 + second;
  return (BigInt(date * 0x20000 + clock) << 24n) | BigInt(micro);
}

function inside(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

/** The parts of a packed time. Any 64-bit number gives parts; those that no writer makes are out of range. */
export function unpackTime(packed: bigint): TimeParts {
  const micro = Number(packed & 0xffffffn);
  const rest = Number(BigInt.asUintN(40, packed >> 24n));
  const clock = rest % 0x20000;
  const date = Math.floor(rest / 0x20000);
  const months = date >> 5;
  return {
    year: Math.floor(months / 13),
    month: months % 13,
    day: date & 31,
    hour: clock >> 12,
    minute: (clock >> 6) & 63,
    second: clock & 63,
    micro,
  };
}

/** The parts of a time inside a JSON document, whose bit fields are laid out otherwise than a row's. */
export function unpackJsonTime(bits: bigint): TimeParts {
  const field = (offset: bigint, width: number) => Number(BigInt.asUintN(width, bits >> offset));
  return {
    year: field(50n, 14),
    month: field(46n, 4),
    day: field(41n, 5),
    hour: field(36n, 5),
    minute: field(30n, 6),
    second: field(24n, 6),
    micro: field(4n, 20),
  };
}

const two = (n: number) => (n < 10 ? `0${n}` : `${n}`);

function fractionText(micro: number, digits: number): string {
  return digits <= 0 ? '' : `.${String(micro).padStart(6, '0').slice(0, digits)}`;
}

/** `YYYY-MM-DD`. */
export function dateText({ year, month, day }: TimeParts): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** `YYYY-MM-DD HH:MM:SS`, with `digits` (0 to 6) of the fraction. */
export function timeText(parts: TimeParts, digits: number): string {
  const clock = `${two(parts.hour)}:${two(parts.minute)}:${two(parts.second)}`;
  return `${dateText(parts)} ${clock}${fractionText(parts.micro, digits)}`;
}

/**
 * Reads `YYYY-MM-DD`, or `YYYY-MM-DD HH:MM:SS[.ffffff]` (a `T` in the middle will do).
 *
 * @throws BinlogError `INVALID_VALUE` for anything else, a zone included: these times have none.
 */
export function parseTime(text: string): TimeParts {
  const match = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?$/.exec(text);
  if (match === null) {
    throw new BinlogError('INVALID_VALUE', `${JSON.stringify(text)} is no time: write YYYY-MM-DD HH:MM:SS[.ffffff]`);
  }
  const part = (index: number) => Number(match[index] ?? 0);
  const micro = Number((match[7] ?? '').padEnd(6, '0'));
  return { year: part(1), month: part(2), day: part(3), hour: part(4), minute: part(5), second: part(6), micro };
}

const nanosPerMicro = 1000n;
/** 839 hours in nanoseconds: a TIME stays below. */
const durationLimit = 839n * 3_600_000_000_000n;

/** `[-]HH:MM:SS` (up to three digits of hours), with `digits` of the fraction, for a TIME of so many nanoseconds. */
export function durationText(nanos: bigint, digits: number): string {
  const micros = Number((nanos < 0n ? -nanos : nanos) / nanosPerMicro);
  const seconds = Math.floor(micros / 1_000_000);
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${nanos < 0n ? '-' : ''}${clock}${fractionText(micros % 1_000_000, digits)}`;
}

/**
 * Reads `[-]H:MM:SS[.ffffff]` into nanoseconds.
 *
 * @throws BinlogError `INVALID_VALUE` for anything else, and beyond 838:59:59.999999.
 */
export function parseDuration(text: string): bigint {
  const match = /^(-?)(\d{1,3}):([0-5]\d):([0-5]\d)(?:\.(\d{1,6}))?$/.exec(text);
  const hours = Number(match?.[2]);
  if (match === null || hours > 838) {
    throw new BinlogError(
      'INVALID_VALUE',
      `${JSON.stringify(text)} is no TIME: write [-]HHH:MM:SS[.ffffff], below 839 hours`,
    );
  }
  const seconds = hours * 3600 + Number(match[3]) * 60 + Number(match[4]);
  const nanos = (BigInt(seconds) * 1_000_000n + BigInt((match[5] ?? '').padEnd(6, '0'))) * nanosPerMicro;
  return match[1] === '-' ? -nanos : nanos;
}

/** Whether a number of nanoseconds can be a TIME. */
export function isDuration(nanos: bigint): boolean {
  return nanos > -durationLimit && nanos < durationLimit;
}
