// Compiles the .proto files of this folder to src/wire/generated. Run it after a change of one: node proto/generate.mjs
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const protos = ['binlog', 'pump', 'cistern', 'pump_stream', 'secondary_binlog', 'pb_binlog'].map(
  (name) => `proto/${name}.proto`,
);
const target = 'src/wire/generated/messages';
const require = createRequire(import.meta.url);
const run = (program, ...args) =>
  execFileSync(process.execPath, [program, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });

const pbjs = (...options) =>
  run(
    ...[require.resolve('protobufjs-cli/bin/pbjs'), '-t', 'static-module', '-w', 'es6', '--root', 'tidbjs-binlog'],
    ...['--dependency', 'protobufjs/minimal.js', '--no-verify', '--no-convert', '--no-delimited', '--no-typeurl'],
    ...['--no-service', ...options, '-o', `${target}.js`, ...protos],
  );
const edit = (file, from, to) => writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

// The declarations are made from the comments of the code; the code itself is kept without them.
pbjs();
run(require.resolve('protobufjs-cli/bin/pbts'), '-o', `${target}.d.ts`, `${target}.js`);
pbjs('--no-comments');

// A namespace import has no mutable `roots`; the module is CommonJS, so its default export is what is meant.
edit(`${root}/${target}.js`, 'import * as $protobuf from', 'import $protobuf from');
// Nobody imports all of it.
edit(`${root}/${target}.js`, /export \{ ?\$root as default ?\};?\n?/, '');
// 64-bit numbers are read through these three properties only, so the package that defines the class is not needed.
edit(
  `${root}/${target}.d.ts`,
  'import Long = require("long");',
  'interface Long { readonly low: number; readonly high: number; readonly unsigned: boolean }',
);
