import type { SqlError } from '../errors.js';
import { type LexerModes, syntaxError, type Token, tokenize } from './lexer.js';
import { RESERVED } from './reserved.js';

/** A reader over the tokens of a text, with the small steps that every grammar rule is made of. */
export class Cursor {
  private readonly tokens: readonly Token[];
  private at = 0;
  /** Number of `?` read so far in this statement. */
  parameters = 0;

  constructor(
    readonly sql: string,
    readonly modes: LexerModes,
  ) {
    this.tokens = tokenize(sql, modes);
  }

  get token(): Token {
    return this.peek(0);
  }

  peek(ahead: number): Token {
    const token = this.tokens[this.at + ahead] ?? this.tokens[this.tokens.length - 1];
    if (token === undefined) throw syntaxError(this.sql, 0, 0);
    return token;
  }

  get position(): number {
    return this.at;
  }

  /** Back to a place that `position` gave. */
  rewind(position: number): void {
    this.at = position;
  }

  advance(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.at++;
    return token;
  }

  /** True, and past it, when the next tokens are these words or symbols. */
  accept(...words: string[]): boolean {
    if (!this.sees(...words)) return false;
    this.at += words.length;
    return true;
  }

  sees(...words: string[]): boolean {
    for (let ahead = 0; ahead < words.length; ahead++) {
      if (this.peek(ahead).word !== words[ahead]) return false;
    }
    return true;
  }

  /** The first of the words that comes next, taken. */
  acceptAny(...words: string[]): string | undefined {
    const { word } = this.token;
    if (word === '' || !words.includes(word)) return undefined;
    this.at++;
    return word;
  }

  expect(...words: string[]): void {
    for (const word of words) {
      if (this.token.word !== word) throw this.error();
      this.at++;
    }
  }

  /** Error 1064 at the next token. */
  error(token: Token = this.token): SqlError {
    return syntaxError(this.sql, token.start, token.end);
  }

  seesName(ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === 'quoted' || (token.kind === 'word' && !RESERVED.has(token.word));
  }

  name(): string {
    if (!this.seesName()) throw this.error();
    return this.advance().text;
  }

  /** A name after a dot, where reserved words are names too. */
  anyName(): string {
    const { kind } = this.token;
    if (kind !== 'quoted' && kind !== 'word') throw this.error();
    return this.advance().text;
  }

  string(): string {
    if (this.token.kind !== 'string') throw this.error();
    return this.advance().text;
  }

  nameOrString(): string {
    return this.token.kind === 'string' ? this.advance().text : this.name();
  }

  /** A charset's or collation's name, which may be the word BINARY, in lower case. */
  collationName(): string {
    const name = this.acceptAny('BINARY') ?? this.nameOrString();
    return name.toLowerCase();
  }

  integer(): bigint {
    if (this.token.kind !== 'integer') throw this.error();
    return BigInt(this.advance().text);
  }

  smallInteger(): number {
    const token = this.token;
    const value = this.integer();
    if (value > 4_294_967_295n) throw this.error(token);
    return Number(value);
  }

  /** `( item, item … )`. */
  list<T>(item: () => T): T[] {
    this.expect('(');
    const items = this.commaList(item);
    this.expect(')');
    return items;
  }

  commaList<T>(item: () => T): T[] {
    const items = [item()];
    while (this.accept(',')) items.push(item());
    return items;
  }

  /** The text from a token's start to the end of the last token taken. */
  textFrom(start: number): string {
    const last = this.tokens[this.at - 1];
    return this.sql.slice(start, last === undefined ? start : last.end);
  }
}
