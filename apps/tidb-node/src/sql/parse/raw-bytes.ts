import { isUtf8 } from 'node:buffer';

/** Bytes that are no UTF-8 stand in a decoded text as lone surrogates from here on: 0xdc80 to 0xdcff. */
const RAW = 0xdc00;
const LONE = /[\udc80-\udcff]/u;

/**
 * A statement's text from its bytes. Clients send the bytes of a BLOB between the quotes of a string as they are, so what is no UTF-8 is
 * kept: `literalValue` gives it back.
 */
export function decodeStatement(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const parts: string[] = [];
  let valid = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    parts.push(bytes.toString('utf8', valid, at), String.fromCharCode(RAW + (bytes[at] ?? 0)));
    at++;
    valid = at;
  }
  parts.push(bytes.toString('utf8', valid));
  return parts.join('');
}

/** How many bytes the UTF-8 sequence has that begins here; 0 where none does. */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return lead >= 0xc2 && isUtf8(bytes.subarray(at, at + length)) && at + length <= bytes.length ? length : 0;
}

/** The value of a string in a statement: its characters, or its bytes where they are no UTF-8. */
export function literalValue(text: string): string | Buffer {
  if (!LONE.test(text)) return text;
  return Buffer.concat(
    [...text].map((char) =>
      LONE.test(char) ? Buffer.of((char.codePointAt(0) ?? 0) - RAW) : Buffer.from(char, 'utf8'),
    ),
  );
}
