"""The stylesheet of the report: light and dark, a phone's width, and paper."""

STYLE = """
:root { color-scheme: light dark; --back: #fff; --front: #1b1b1b; --soft: #5c5c5c; --line: #c9c9c9;
  --tint: #f3f4f6; --solved: #1f6fb2; --partly: #8fc1ea; --failed: #c8501e; --blank: #d5d5d5;
  --to-mark: #f2d64b; --on-dark: #fff; --on-light: #1b1b1b; --on-blank: #1b1b1b; }
@media (prefers-color-scheme: dark) { :root { --back: #16181c; --front: #e8e8e8; --soft: #a9adb5;
  --line: #454a53; --tint: #22262d; --solved: #5aa5e6; --partly: #a9d3f5; --failed: #f08a5d;
  --blank: #4d525b; --to-mark: #e6cb4a; --on-dark: #101114; --on-light: #101114;
  --on-blank: #fff; } }
@media print { :root { color-scheme: light; --back: #fff; --front: #000; --soft: #444;
  --line: #999; --tint: #f3f4f6; --solved: #1f6fb2; --partly: #8fc1ea; --failed: #c8501e;
  --blank: #d5d5d5; --to-mark: #f2d64b; --on-dark: #fff; --on-light: #000; --on-blank: #000; } }
* { box-sizing: border-box; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 1rem;
  background: var(--back); color: var(--front); overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid var(--line); padding-bottom: .25rem; }
h3 { margin: 1.75rem 0 .5rem; }
a { color: inherit; }
p, li { max-width: 46rem; }
.soft, figcaption, .legend { color: var(--soft); font-size: .9rem; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr));
  gap: 1rem 2rem; align-items: end; }
figure { margin: 0; max-width: 30rem; }
svg { width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; }
svg text { fill: var(--front); } svg .middle { text-anchor: middle; }
svg .end { text-anchor: end; } svg .small { font-size: 10px; fill: var(--soft); }
svg .axis, svg .grid { stroke: var(--line); } svg .median { stroke: var(--front);
  stroke-width: 3; }
svg .on-solved, svg .on-failed { fill: var(--on-dark); }
svg .on-partly, svg .on-to-mark { fill: var(--on-light); }
svg .on-blank { fill: var(--on-blank); }
.solved { fill: var(--solved); background: var(--solved); }
.partly, .box { fill: var(--partly); background: var(--partly); }
.failed { fill: var(--failed); background: var(--failed); }
.blank { fill: var(--blank); background: var(--blank); }
.to-mark { fill: var(--to-mark); background: var(--to-mark); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .5rem 0; }
.legend i { display: inline-block; width: .8em; height: .8em; margin-right: .4em;
  border: 1px solid var(--line); }
.wide { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .35rem; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: right;
  vertical-align: top; overflow-wrap: break-word; }
td.words, th[scope=row] { overflow-wrap: anywhere; } .cards td:not(.words) { white-space: nowrap; }
thead th { vertical-align: bottom; border-bottom-width: 2px; }
th:first-child, td.words, th.words { text-align: left; font-weight: inherit; }
thead th, thead th:first-child, thead th.words { font-weight: 600; }
th[scope=row] { min-width: 8rem; }
.marks td, .marks th { white-space: nowrap; padding: .2rem .5rem; }
article { border-left: 4px solid var(--failed); padding: .1rem 0 .1rem .9rem; margin: 1.25rem 0; }
article h3, article h4 { margin: 0 0 .25rem; font-size: 1rem; }
article p { margin: .25rem 0; }
pre { background: var(--tint); padding: .6rem .8rem; margin: .4rem 0; font-size: .85rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
blockquote { margin: .4rem 0; padding-left: .9rem; border-left: 3px solid var(--line);
  white-space: pre-line; }
@media (max-width: 40rem) {
  .cards thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px;
    overflow: hidden; }
  .cards, .cards tbody, .cards tr, .cards caption { display: block; }
  .cards tr { border-bottom: 1px solid var(--line); padding: .5rem 0; display: grid;
    grid-template-columns: 1fr 1fr; }
  .cards th, .cards td { border: 0; padding: .1rem 0; text-align: left; }
  .cards tbody th, .cards td.words { grid-column: 1 / -1; }
  .cards tbody th { font-weight: 600; }
  .cards td:not(.words) { white-space: normal; }
  .cards td::before { content: attr(data-label) ": "; color: var(--soft); }
}
@media print {
  @page { margin: 14mm; }
  body { font-size: 10pt; max-width: none; padding: 0; }
  h2 { break-after: avoid; } h3, h4, caption { break-after: avoid; }
  tr, figure, article { break-inside: avoid; }
  thead { display: table-header-group; }
  .wide { overflow: visible; } figure { max-width: 9cm; }
  td, th { padding: .15rem .4rem; } .marks { font-size: 8pt; }
  nav { display: none; }
}
"""
