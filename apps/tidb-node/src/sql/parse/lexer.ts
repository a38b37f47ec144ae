import { SqlError } from '../errors.js';

/** What a token is. A `word` may be a keyword or a name; a `quoted` is always a name. */
export type TokenKind =
  | 'word'
  | 'quoted'
  | 'string'
  | 'integer'
  | 'decimal'
  | 'float'
  | 'hex'
  | 'bits'
  | 'symbol'
  | 'parameter'
  | 'userVariable'
  | 'systemVariable'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The name, the string's value, the digits, or the symbol. */
  readonly text: string;
  /** Upper case of a word or a symbol; empty for the rest. */
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

const SYMBOLS = [
  '<=>',
  '->>',
  '<=',
  '>=',
  '<>',
  '!=',
  '||',
  '&&',
  '<<',
  '>>',
  ':=',
  '->',
  '(',
  ')',
  ',',
  ';',
  '.',
  '+',
  '-',
  '*',
  '/',
  '%',
  '=',
  '<',
  '>',
  '!',
  '~',
  '^',
  '&',
  '|',
  '{',
  '}',
  '@',
  ':',
] as const;

const ESCAPES: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' };

/** How sql_mode changes reading. */
export interface LexerModes {
  /** "…" is a name, not a string. */
  readonly ansiQuotes: boolean;
  /** A backslash is an ordinary character. */
  readonly noBackslashEscapes: boolean;
  /** `||` joins texts. */
  readonly pipesAsConcat?: boolean;
}

/** Cuts a text into tokens. Comments vanish, but what stands in an executable comment is read as if it stood outside. */
export function tokenize(sql: string, modes: LexerModes): Token[] {
  return new Lexer(sql, modes).run();
}

/** Features of a TiDB comment that are understood, the content of other features is skipped. */
const FEATURES = new Set(['clustered_index', 'auto_rand', 'auto_id_cache', 'ttl', 'placement', 'force_inc', '']);

class Lexer {
  private at = 0;
  private openComments = 0;
  private readonly tokens: Token[] = [];

  constructor(
    private readonly sql: string,
    private readonly modes: LexerModes,
  ) {}

  run(): Token[] {
    for (;;) {
      this.skipBlank();
      if (this.at >= this.sql.length) break;
      this.next();
    }
    const end = this.sql.length;
    this.tokens.push({ kind: 'end', text: '', word: '', start: end, end });
    return this.tokens;
  }

  private push(kind: TokenKind, text: string, start: number, word = ''): void {
    this.tokens.push({ kind, text, word, start, end: this.at });
  }

  private skipBlank(): void {
    for (;;) {
      const char = this.sql[this.at];
      if (char === undefined) return;
      if (/\s/.test(char)) this.at++;
      else if (char === '#' || (char === '-' && /^--(?:\s|$)/.test(this.sql.slice(this.at, this.at + 3)))) {
        const line = this.sql.indexOf('\n', this.at);
        this.at = line < 0 ? this.sql.length : line + 1;
      } else if (char === '/' && this.sql[this.at + 1] === '*') this.comment();
      else if (char === '*' && this.sql[this.at + 1] === '/' && this.openComments > 0) {
        this.openComments--;
        this.at += 2;
      } else return;
    }
  }

  private comment(): void {
    const executable = /^\/\*(?:T!(?:\[([\w,]*)\])?|M?!(?:(\d{5,6}))?)/.exec(this.sql.slice(this.at, this.at + 80));
    if (executable !== null) {
      const features = executable[1]?.split(',') ?? [];
      const version = Number(executable[2] ?? 0);
      if (features.every((feature) => FEATURES.has(feature)) && version < 80_100) {
        this.at += executable[0].length;
        this.openComments++;
        return;
      }
    }
    const close = this.sql.indexOf('*/', this.at + 2);
    if (close < 0) throw syntaxError(this.sql, this.at, this.sql.length);
    this.at = close + 2;
  }

  private next(): void {
    const start = this.at;
    const char = this.sql[start] ?? '';
    const following = this.sql[start + 1] ?? '';
    if (char === "'" || (char === '"' && !this.modes.ansiQuotes)) this.string(start);
    else if (char === '`' || char === '"') this.quotedName(start, char);
    else if (char === '?') this.symbol('?', start, 'parameter');
    else if (char === '@') this.variable(start);
    else if (/[xXbB]/.test(char) && following === "'") this.quotedBits(start);
    else if (/[nN]/.test(char) && following === "'") {
      this.at++;
      this.string(start);
    } else if (/[0-9]/.test(char) || (char === '.' && /[0-9]/.test(following) && !this.afterName())) this.number(start);
    else if (/[A-Za-z_$\u0080-\uffff]/.test(char)) this.wordToken(start);
    else {
      const symbol = SYMBOLS.find((each) => this.sql.startsWith(each, start));
      if (symbol === undefined) throw syntaxError(this.sql, start, start + 1);
      this.symbol(symbol, start, 'symbol');
    }
  }

  private symbol(text: string, start: number, kind: TokenKind): void {
    this.at += text.length;
    this.push(kind, text, start, kind === 'symbol' ? text : '');
  }

  /** `t.1c` is a name after a dot, not a number. */
  private afterName(): boolean {
    const last = this.tokens[this.tokens.length - 1];
    return last !== undefined && last.end === this.at && (last.kind === 'word' || last.kind === 'quoted');
  }

  private wordToken(start: number): void {
    const pattern = /[\w$\u0080-\uffff]+/y;
    pattern.lastIndex = start;
    const text = pattern.exec(this.sql)?.[0] ?? '';
    this.at = start + text.length;
    this.push('word', text, start, text.toUpperCase());
  }

  private number(start: number): void {
    const last = this.tokens[this.tokens.length - 1];
    const afterDot = last?.word === '.' && last.end === start;
    const pattern = /0x[0-9a-fA-F]+|0b[01]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?/y;
    pattern.lastIndex = start;
    const text = pattern.exec(this.sql)?.[0] ?? '';
    const wordPattern = /\d+[\w$\u0080-\uffff]*/y;
    wordPattern.lastIndex = start;
    const asWord = wordPattern.exec(this.sql)?.[0] ?? '';
    if (afterDot || (asWord.length > text.length && !text.includes('.'))) {
      this.at = start + asWord.length;
      this.push('word', asWord, start, asWord.toUpperCase());
      return;
    }
    this.at = start + text.length;
    if (text.startsWith('0x')) this.push('hex', text.slice(2), start);
    else if (text.startsWith('0b')) this.push('bits', text.slice(2), start);
    else this.push(/[eE]/.test(text) ? 'float' : text.includes('.') ? 'decimal' : 'integer', text, start);
  }

  private quotedBits(start: number): void {
    const close = this.sql.indexOf("'", start + 2);
    const hex = /[xX]/.test(this.sql[start] ?? '');
    const digits = close < 0 ? '?' : this.sql.slice(start + 2, close);
    if (!(hex ? /^(?:[0-9a-fA-F]{2})*$/ : /^[01]*$/).test(digits)) {
      throw syntaxError(this.sql, start, close < 0 ? this.sql.length : close + 1);
    }
    this.at = close + 1;
    this.push(hex ? 'hex' : 'bits', digits, start);
  }

  private string(start: number): void {
    const quote = this.sql[this.at] ?? "'";
    let text = '';
    this.at++;
    for (;;) {
      const char = this.sql[this.at];
      if (char === undefined) throw syntaxError(this.sql, start, this.sql.length);
      if (char === quote) {
        if (this.sql[this.at + 1] !== quote) break;
        text += quote;
        this.at += 2;
      } else if (char === '\\' && !this.modes.noBackslashEscapes) {
        const next = this.sql[this.at + 1] ?? '';
        // The pattern characters keep their backslash, so that LIKE sees the escape.
        text += next === '%' || next === '_' ? `\\${next}` : (ESCAPES[next] ?? next);
        this.at += 2;
      } else {
        const run = this.plainRun(quote);
        text += run;
        this.at += run.length;
      }
    }
    this.at++;
    this.push('string', text, start);
  }

  private plainRun(quote: string): string {
    let end = this.at + 1;
    while (end < this.sql.length && this.sql[end] !== quote && this.sql[end] !== '\\') end++;
    return this.sql.slice(this.at, end);
  }

  private quotedName(start: number, quote: string): void {
    let text = '';
    this.at++;
    for (;;) {
      const close = this.sql.indexOf(quote, this.at);
      if (close < 0) throw syntaxError(this.sql, start, this.sql.length);
      text += this.sql.slice(this.at, close);
      this.at = close + 1;
      if (this.sql[this.at] !== quote) break;
      text += quote;
      this.at++;
    }
    this.push('quoted', text, start);
  }

  private variable(start: number): void {
    const system = this.sql[start + 1] === '@';
    this.at += system ? 2 : 1;
    const quote = this.sql[this.at];
    if (!system && (quote === '`' || quote === "'" || quote === '"')) {
      if (quote === '`') this.quotedName(start, quote);
      else this.string(start);
      const inner = this.tokens.pop();
      this.push('userVariable', inner?.text ?? '', start);
      return;
    }
    const pattern = system ? /[\w$.]+/y : /[\w$.]*/y;
    pattern.lastIndex = this.at;
    const name = pattern.exec(this.sql)?.[0];
    if (name === undefined) throw syntaxError(this.sql, start, this.at + 1);
    this.at += name.length;
    this.push(system ? 'systemVariable' : 'userVariable', name, start);
  }
}

/**
 * Error 1064 in TiDB's words: the line, the column where the token that was not expected ends, and the text from that token on.
 */
export function syntaxError(sql: string, start: number, end: number): SqlError {
  const before = sql.slice(0, end);
  const lastLine = before.lastIndexOf('\n');
  const line = before.split('\n').length;
  const near = sql.slice(start, start + 2048);
  return new SqlError(
    1064,
    'You have an error in your SQL syntax; check the manual that corresponds to your TiDB version for the right syntax to use ' +
      `line ${line} column ${end - lastLine - 1} near "${near}" `,
  );
}
