import { SqlError } from '../errors.js';

let characters: ReadonlySet<string> | undefined;

/** Whether GBK has a character. Text of a GBK column is kept in UTF-8, as TiDB keeps it. */
export function inGbk(char: string): boolean {
  if (char <= '\x7f') return true;
  characters ??= twoByteCharacters();
  return characters.has(char);
}

function twoByteCharacters(): ReadonlySet<string> {
  const bytes: number[] = [];
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) if (trail !== 0x7f) bytes.push(lead, trail);
  }
  return new Set(new TextDecoder('gbk').decode(Uint8Array.from(bytes)).replaceAll('\ufffd', ''));
}

/** The weight of a character under a collation of GBK: its order is known for ASCII alone. Error 1235 for another. */
export function gbkWeight(char: string, collate: string): number {
  if (char > '\x7f') throw SqlError.notYet(`comparing ${char} by ${collate}`);
  return (collate === 'gbk_bin' ? char : char.toUpperCase()).charCodeAt(0);
}
