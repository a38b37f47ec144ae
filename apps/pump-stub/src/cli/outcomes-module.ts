import { pathToFileURL } from 'node:url';
import type { Logger } from '@tidb-js/etcd-session';
import { PumpError } from '../errors.js';
import type { OutcomeSource } from '../outcome-source.js';

/** What the default export of an outcomes module is called with. */
export interface OutcomesContext {
  readonly pdUrls: readonly string[];
  readonly logger: Logger;
}

/**
 * Loads the storage behind a Pump from a module: a path (with a slash or a dot at its head) or a package's name. Its default
 * export is a function from {@link OutcomesContext} to an {@link OutcomeSource}, or to a promise of one.
 *
 * @throws PumpError `INVALID_OPTION`.
 */
export async function loadOutcomes(module: string, context: OutcomesContext): Promise<OutcomeSource> {
  const specifier = /^[./]/.test(module) ? pathToFileURL(module).href : module;
  let source: unknown;
  try {
    const loaded = (await import(specifier)) as { default?: unknown };
    const make = loaded.default;
    if (typeof make === 'function') source = await make(context);
  } catch (cause) {
    throw invalid(module, `cannot be loaded: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  if (isOutcomeSource(source)) return source;
  throw invalid(module, 'must export by default a function that gives an object with a method outcome()');
}

function isOutcomeSource(value: unknown): value is OutcomeSource {
  return typeof value === 'object' && value !== null && 'outcome' in value && typeof value.outcome === 'function';
}

function invalid(module: string, rule: string, cause?: unknown): PumpError {
  return new PumpError('INVALID_OPTION', `outcomes is ${JSON.stringify(module)}: it ${rule}`, { cause });
}
