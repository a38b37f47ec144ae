import { foldCharacters } from '../types/charset.js';

/** A LIKE pattern as a test of a text: `%` is any text, `_` one character; `escapeChar` takes their meaning away. */
export function likeTest(pattern: string, escapeChar: string, collate: string): (text: string) => boolean {
  let source = '';
  let escaped = false;
  for (const char of pattern) {
    if (!escaped && char === escapeChar) escaped = true;
    else if (!escaped && char === '%') source += '[\\s\\S]*';
    else if (!escaped && char === '_') source += '[\\s\\S]';
    else {
      source += foldCharacters(char, collate).replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
      escaped = false;
    }
  }
  if (escaped) source += escapeChar.replace(/\\/g, '\\\\');
  const expression = new RegExp(`^${source}$`, 'u');
  return (text) => expression.test(foldCharacters(text, collate));
}

/** The text that every match of a pattern begins with. */
export function likePrefix(pattern: string, escapeChar: string): { readonly prefix: string; readonly exact: boolean } {
  let prefix = '';
  let escaped = false;
  for (const char of pattern) {
    if (!escaped && char === escapeChar) escaped = true;
    else if (!escaped && (char === '%' || char === '_')) return { prefix, exact: false };
    else {
      prefix += char;
      escaped = false;
    }
  }
  return { prefix, exact: true };
}
