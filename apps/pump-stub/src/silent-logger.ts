import type { Logger } from '@tidb-js/etcd-session';

const nothing = (): void => {};

/** Says nothing: a program that embeds a Pump decides what is logged. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
