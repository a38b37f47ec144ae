/** Planes (of 256 characters) in which letters have another weight than themselves: Latin, Greek, Cyrillic, Armenian, and forms of theirs. */
const weightedPlanes: ReadonlySet<number> = new Set([0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x1e, 0x1f, 0x21, 0x24, 0xff]);

/** In those planes, what Unicode paired or decomposed only after the collation was made, and what its makers left alone. */
const unchanged = ranges(
  '180 19a-19b 19e 23c 23f-24f 250-252 25c 261 264-266 26a-26c 271 27d 282 287 289 28c 29d-29e 340-344 371-377 37b-37e 385 387',
  '3d7 3d9 3f3 3f5 3f8 3fb 419 48b 4c6 4ca 4ce-4cf 4f7 4fb 4fd 4ff 501-52f 1efb-1eff 1fbb 1fc1 1fc9 1fcb 1fcd-1fcf 1fd3 1fdb',
  '1fdd-1fdf 1fe3 1feb 1fed-1fef 1ff9 1ffb 1ffd 2126 212a-212b 214e 2184 219a-219b 21ae 21cd-21cf',
);
/** Letters that lose their case and keep their accent. */
const accented = ranges('439 1f71 1f73 1f75 1f77 1f79 1f7b 1f7d');
/** ß is an S, and the lunate sigma a sigma. */
const special: ReadonlyMap<number, number> = new Map([
  [0xdf, 0x53],
  [0x3f2, 0x3a3],
]);
/** The weight of everything beyond 16 bits: all of it is equal. */
const beyond = 0xfffd;

const weights = new Map<number, number>();

/** The weight of a character under `utf8mb4_general_ci` and `utf8_general_ci`: without case, and without accents where they are Latin, Greek or Cyrillic. */
export function generalCiWeight(codePoint: number): number {
  if (codePoint > 0xffff) return beyond;
  if (codePoint < 0x80) return codePoint >= 0x61 && codePoint <= 0x7a ? codePoint - 0x20 : codePoint;
  if (!weightedPlanes.has(codePoint >> 8) || unchanged.has(codePoint)) return codePoint;
  const known = weights.get(codePoint);
  if (known !== undefined) return known;
  const weight = special.get(codePoint) ?? upperCase(codePoint, accented.has(codePoint));
  weights.set(codePoint, weight);
  return weight;
}

/** The sort key of a text under a general_ci collation: trailing spaces do not count, each character has two bytes. */
export function generalCiKey(text: string): Buffer {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x20) end--;
  const key = Buffer.allocUnsafe(end * 2);
  let at = 0;
  for (let index = 0; index < end; index++) {
    const codePoint = text.codePointAt(index) ?? 0;
    if (codePoint > 0xffff) index++;
    at = key.writeUInt16BE(generalCiWeight(codePoint), at);
  }
  return key.subarray(0, at);
}

function upperCase(codePoint: number, keepsAccent: boolean): number {
  const char = String.fromCharCode(codePoint);
  const upper = (keepsAccent ? char : char.normalize('NFD').charAt(0)).toUpperCase();
  return upper.length === 1 ? upper.charCodeAt(0) : codePoint;
}

function ranges(...texts: readonly string[]): ReadonlySet<number> {
  const codes = new Set<number>();
  for (const range of texts.join(' ').split(' ')) {
    const [first = '', last = first] = range.split('-');
    for (let code = Number.parseInt(first, 16); code <= Number.parseInt(last, 16); code++) codes.add(code);
  }
  return codes;
}
