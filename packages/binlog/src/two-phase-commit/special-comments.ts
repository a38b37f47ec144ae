/** Clauses that only TiDB knows, and the comment that hides them from MySQL and from TiDBs without the feature. */
const clauses: readonly { readonly clause: RegExp; readonly open: string }[] = [
  { clause: /\b(?:(?:SHARD_ROW_ID_BITS|PRE_SPLIT_REGIONS)\s*=?\s*\d+\s*)+/giy, open: '/*!90000 ' },
  {
    clause: /\bAUTO_RANDOM(?:_BASE\s*=?\s*\d+|\s*\(\s*\d+\s*(?:,\s*\d+\s*)?\))?(?![\w$])\s*/giy,
    open: '/*T![auto_rand] ',
  },
  { clause: /\bAUTO_ID_CACHE\s*=?\s*\d+\s*/giy, open: '/*T![auto_id_cache] ' },
  { clause: /\b(?:NON)?CLUSTERED\b\s*/giy, open: '/*T![clustered_index] ' },
];

/** What stays as it is: comments (also those made here, so that a second pass changes nothing), and quoted text. */
const untouched =
  /\/\*[\s\S]*?\*\/|--[ \t][^\n]*|#[^\n]*|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`(?:[^`]|``)*`/y;
const word = /[A-Za-z0-9_$]+|[\s\S]/y;

/**
 * A DDL statement with the clauses that only TiDB knows in special comments, as TiDB writes it into the binlog. Running it twice is as
 * running it once.
 */
export function addSpecialComments(query: string): string {
  let result = '';
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(query)?.[0];
  };
  while (at < query.length) {
    let piece = match(untouched);
    let shown = piece;
    if (piece === undefined) {
      for (const { clause, open } of clauses) {
        piece = match(clause);
        if (piece === undefined) continue;
        shown = `${open}${piece.trimEnd()} */ `;
        break;
      }
    }
    piece ??= match(word) ?? query.slice(at);
    result += shown ?? piece;
    at += piece.length;
  }
  return result;
}
