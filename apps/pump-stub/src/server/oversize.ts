/** Stands for a request that is larger than allowed. */
export class Oversize {
  constructor(
    readonly bytes: number,
    readonly maxMessageSize: number,
  ) {}
}
