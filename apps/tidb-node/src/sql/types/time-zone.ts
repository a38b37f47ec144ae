import { SqlError } from '../errors.js';
import { DateTime } from './time.js';

/** How wall clocks and instants belong together for a session. */
export class TimeZone {
  private readonly format: Intl.DateTimeFormat | undefined;
  private readonly fixed: number;

  private constructor(
    readonly name: string,
    fixed: number | undefined,
  ) {
    this.fixed = fixed ?? 0;
    this.format =
      fixed === undefined
        ? new Intl.DateTimeFormat('en-US', {
            timeZone: name,
            hourCycle: 'h23',
            year: 'numeric',
            month: 'numeric',
            day: 'numeric',
            hour: 'numeric',
            minute: 'numeric',
            second: 'numeric',
            era: 'short',
          })
        : undefined;
  }

  /** `SYSTEM`, `+08:00` or a name of the zone database. Error 1298 for anything else. */
  static named(name: string): TimeZone {
    if (/^system$/i.test(name)) {
      const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      return zone === 'UTC' || zone === 'Etc/UTC' ? new TimeZone('SYSTEM', 0) : new TimeZone(zone, undefined);
    }
    const offset = /^([+-])(\d{1,2}):(\d{2})$/.exec(name);
    if (offset !== null) {
      const minutes = Number(offset[2]) * 60 + Number(offset[3]);
      if (minutes <= 14 * 60) return new TimeZone(name, offset[1] === '-' ? -minutes : minutes);
    }
    try {
      return /^(utc|etc\/utc)$/i.test(name) ? new TimeZone('UTC', 0) : new TimeZone(name, undefined);
    } catch (cause) {
      throw new SqlError(1298, `Unknown or incorrect time zone: '${name}'`, { cause });
    }
  }

  /** The zone of a {@link location}, whoever wrote that. */
  static at({ name, offset }: { readonly name: string; readonly offset: number }): TimeZone {
    return offset === 0 ? TimeZone.named(name) : new TimeZone(name, offset / 60);
  }

  /** A name of the zone database with no offset; or, where a zone has no name, how many seconds it is east of UTC. */
  get location(): { readonly name: string; readonly offset: number } {
    if (/^[+-]/.test(this.name)) return { name: 'UTC', offset: this.fixed * 60 };
    return { name: this.name === 'SYSTEM' ? Intl.DateTimeFormat().resolvedOptions().timeZone : this.name, offset: 0 };
  }

  /** Minutes east of UTC at an instant. */
  offsetMinutes(epochMs: number): number {
    if (this.format === undefined) return this.fixed;
    const part = new Map(this.format.formatToParts(epochMs).map((each) => [each.type, each.value]));
    const number = (type: Intl.DateTimeFormatPartTypes) => Number(part.get(type));
    const wall = Date.UTC(
      number('year'),
      number('month') - 1,
      number('day'),
      number('hour'),
      number('minute'),
      number('second'),
    );
    return Math.round((wall - Math.floor(epochMs / 1000) * 1000) / 60_000);
  }

  /** The wall clock at an instant. */
  wallClock(epochMs: number, micro: number, kind: 'datetime' | 'timestamp', fsp: number): DateTime {
    return DateTime.fromEpoch(epochMs, this.offsetMinutes(epochMs), kind, fsp, micro);
  }

  /** The instant, in milliseconds, of a wall clock. */
  instant(wall: DateTime): number {
    const asUtc = wall.toUtcMs();
    const first = asUtc - this.offsetMinutes(asUtc) * 60_000;
    return asUtc - this.offsetMinutes(first) * 60_000;
  }

  /** A wall clock of this zone as one of UTC; the zero time stays zero. */
  toUtc(wall: DateTime): DateTime {
    if (wall.isZero() || this.isUtc()) return wall;
    return DateTime.fromEpoch(this.instant(wall), 0, wall.kind, wall.fsp, wall.micro);
  }

  fromUtc(utc: DateTime): DateTime {
    if (utc.isZero() || this.isUtc()) return utc;
    const ms = utc.toUtcMs();
    return DateTime.fromEpoch(ms, this.offsetMinutes(ms), utc.kind, utc.fsp, utc.micro);
  }

  private isUtc(): boolean {
    return this.format === undefined && this.fixed === 0;
  }
}

export const UTC = TimeZone.named('UTC');
