import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The program files that a playground runs with `node`. */
export interface Programs {
  readonly node: string;
  readonly pump: string;
}

/** The programs of this installation. Works from the built package, where this module stands in `dist/`. */
export function installedPrograms(): Programs {
  const require = createRequire(import.meta.url);
  const pump = dirname(require.resolve('@tidb-js/pump-stub/package.json'));
  return {
    node: fileURLToPath(new URL('../bin/tidb-node.js', import.meta.url)),
    pump: join(pump, 'bin', 'pump-stub.js'),
  };
}
