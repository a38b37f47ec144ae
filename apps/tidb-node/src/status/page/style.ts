/** The page's style sheet: one column on a phone, two on a desk; dark where the system is dark. */
export const style = `
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --ink: #16181d; --dim: #667085; --line: #e3e6eb; --accent: #0b66d8;
  --good: #15803d; --warn: #b45309; --bad: #b91c1c; --soft: #eef3fb; }
@media (prefers-color-scheme: dark) { :root { --bg: #101215; --card: #191c21; --ink: #e8eaee; --dim: #98a1b0; --line: #2a2f37;
  --accent: #6aa9ff; --good: #4ade80; --warn: #fbbf24; --bad: #f87171; --soft: #1d2633; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 16px; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 16px; margin-bottom: 12px; }
h1 { font-size: 20px; margin: 0; }
h2 { font-size: 12px; margin: 22px 0 8px; color: var(--dim); text-transform: uppercase; letter-spacing: .06em; }
#link { color: var(--dim); margin-left: auto; }
#link.lost { color: var(--bad); font-weight: 600; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 10px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; min-width: 0; }
.figure b { display: block; font-size: 24px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.figure b.long { font-size: 17px; line-height: 36px; }
.figure span { color: var(--dim); font-size: 13px; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); gap: 10px; }
.top { display: flex; gap: 8px; align-items: center; flex-wrap: wrap; }
.top b { overflow-wrap: anywhere; }
.tag { font-size: 12px; padding: 1px 8px; border-radius: 99px; background: var(--soft); color: var(--accent); white-space: nowrap; }
.tag.good { color: var(--good); } .tag.warn { color: var(--warn); } .tag.bad { color: var(--bad); }
dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 12px; margin: 8px 0 0; }
dt { color: var(--dim); } dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.query { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; margin: 8px 0 0; max-height: 5.6em; overflow: auto; }
.problem { color: var(--bad); margin: 6px 0 0; overflow-wrap: anywhere; }
ol.states { list-style: none; display: flex; flex-wrap: wrap; gap: 4px; padding: 0; margin: 8px 0 0; font-size: 12px; }
ol.states li { padding: 1px 8px; border-radius: 99px; border: 1px solid var(--line); color: var(--dim); }
ol.states li.now { border-color: var(--accent); color: var(--accent); font-weight: 600; }
.bar { height: 6px; border-radius: 3px; background: var(--line); margin-top: 8px; overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--accent); }
.barrier { grid-column: 1 / -1; border-left: 4px solid var(--warn); }
.id { margin: 6px 0 0; color: var(--dim); font: 12px ui-monospace, monospace; overflow-wrap: anywhere; }
.empty { color: var(--dim); }
svg { width: 100%; height: 28px; display: block; }
`;
