import { defineConfig } from 'tsup';

const shared = {
  format: ['esm' as const],
  sourcemap: true,
  splitting: true,
  target: 'node20' as const,
  // Without types it builds beside programs that are running from what is there.
  clean: !process.argv.includes('--no-dts'),
};

export default defineConfig({
  ...shared,
  entry: { index: 'src/index.ts', cli: 'src/cli/main.ts' },
  format: ['esm', 'cjs'],
  dts: { entry: { index: 'src/index.ts' } },
});
