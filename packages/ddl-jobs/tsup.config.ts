import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts' },
  format: ['esm', 'cjs'],
  dts: true,
  sourcemap: true,
  splitting: true,
  target: 'node20',
  // Without types it builds beside programs that are running from what is there.
  clean: !process.argv.includes('--no-dts'),
});
