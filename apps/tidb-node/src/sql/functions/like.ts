import { isCaseInsensitive } from '../types/charset.js';

/** A LIKE pattern as a regular expression. `%` is any text, `_` one character; `escape` takes their meaning away. */
export function likeExpression(pattern: string, escapeChar: string, collate: string): RegExp {
  let source = '';
  let escaped = false;
  for (const char of pattern) {
    if (!escaped && char === escapeChar) escaped = true;
    else if (!escaped && char === '%') source += '[\\s\\S]*';
    else if (!escaped && char === '_') source += '[\\s\\S]';
    else {
      source += char.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
      escaped = false;
    }
  }
  if (escaped) source += escapeChar.replace(/\\/g, '\\\\');
  return new RegExp(`^${source}$`, isCaseInsensitive(collate) ? 'iu' : 'u');
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
