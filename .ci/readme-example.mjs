/**
 * The five-minute example of a README: the fenced code blocks that follow the line `<!-- example -->`, joined in order.
 * @param {string} readme
 * @returns {string | undefined} its TypeScript, or undefined where none is marked
 */
export function exampleOf(readme) {
  const blocks = [...readme.matchAll(/<!-- example -->\s*```(?:ts|js|mjs)\n([\s\S]*?)```/g)].map((match) => match[1]);
  return blocks.length === 0 ? undefined : blocks.join('\n');
}

/**
 * The packages that a README says to install.
 * @param {string} readme
 * @returns {string[]}
 */
export function installedBy(readme) {
  return (
    /^ *npm (?:i|install) (.+)$/m
      .exec(readme)?.[1]
      ?.split(/\s+/)
      .filter((word) => !word.startsWith('-')) ?? []
  );
}
