import { script } from './script.js';
import { style } from './style.js';

/** The whole page; it needs nothing from elsewhere. */
export const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>tidb-js cluster</title>
<style>${style}</style>
</head>
<body>
<main>
<header><h1>tidb-js cluster</h1><span id="link" role="status">connecting</span></header>
<section id="figures" class="figures" aria-label="key figures"></section>
<h2>Nodes</h2>
<section id="nodes" class="grid" aria-live="off"></section>
<section id="barriers" class="grid" style="margin-top:10px"></section>
<h2>Schema changes</h2>
<section id="jobs" class="grid"></section>
<h2>Pumps</h2>
<section id="pumps" class="grid"></section>
</main>
<script>${script}</script>
</body>
</html>
`;
