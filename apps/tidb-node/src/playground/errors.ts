/** What a playground cannot do, said so that the one at the terminal can mend it. */
export class PlaygroundError extends Error {
  override readonly name = 'PlaygroundError';
}
