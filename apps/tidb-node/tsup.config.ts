import { defineConfig } from 'tsup';

const shared = { sourcemap: true, target: 'node20' as const };
// Without types it builds beside programs that are running from what is there.
const clean = !process.argv.includes('--no-dts');

export default defineConfig([
  {
    ...shared,
    entry: { index: 'src/index.ts', cli: 'src/cli/main.ts' },
    format: 'esm',
    splitting: true,
    clean: clean && ['dist/*.js', 'dist/*.js.map', 'dist/*.d.ts'],
    dts: { entry: { index: 'src/index.ts' } },
  },
  {
    ...shared,
    entry: { index: 'src/index.ts' },
    format: 'cjs',
    // Split CJS goes through sucrase, which initializes a class's private fields before its public ones, whatever their order.
    splitting: false,
    clean: clean && ['dist/*.cjs', 'dist/*.cjs.map', 'dist/*.d.cts'],
    dts: { entry: { index: 'src/index.ts' } },
  },
]);
