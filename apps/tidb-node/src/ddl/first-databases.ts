import { createSchema, DdlError } from '@tidb-js/ddl-jobs';
import type { NodeDomain } from '../domain/node-domain.js';
import type { NodeDdl } from './node-ddl.js';

/** Databases that every cluster has from its first start. */
const FIRST_DATABASES = ['mysql', 'test'];

/** The cluster's first node makes them; others, and later starts, find them. */
export async function makeFirstDatabases(
  ddl: NodeDdl,
  domain: NodeDomain,
  call: { readonly signal?: AbortSignal },
): Promise<void> {
  for (const name of FIRST_DATABASES) {
    if (domain.infoSchema().schema(name) !== undefined) continue;
    try {
      await ddl.run(createSchema(name), call);
    } catch (error) {
      if (DdlError.from(error).code !== 'DATABASE_EXISTS') throw error;
      await domain.reload(call);
    }
  }
}
