import { defineConfig } from 'tsup';

const shared = {
  format: ['esm' as const],
  sourcemap: true,
  splitting: true,
  target: 'node20' as const,
  clean: !process.argv.includes('--watch'),
};

export default defineConfig({
  ...shared,
  entry: { index: 'src/index.ts', cli: 'src/cli/main.ts' },
  format: ['esm', 'cjs'],
  dts: { entry: { index: 'src/index.ts' } },
});
