/** An answer that is not 200. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A whole number of a request; the words for another text are those of TiDB. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new HttpError(400, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return value;
}
