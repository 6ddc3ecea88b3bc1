// The page that one would write for a pool of browsers: the figures, sentences and tables of our PDF in
// plain tables, two charts as SVG, a short style sheet, no script. Arguments: the summary as JSON, the
// page to write.
const fs = require('fs');

const [from, to] = process.argv.slice(2);
const s = JSON.parse(fs.readFileSync(from, 'utf8'));
const safe = (text) => String(text ?? '').replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const n = (number) => Number(number).toLocaleString('en');
const one = (number) => (number === null || number === undefined ? '–' : Number(number).toFixed(1));
const share = (part, of) => `${((100 * part) / of).toFixed(1)}%`;
const spaced = (name) => safe(String(name).replaceAll('_', ' '));
const link = (url) => `<a href="${safe(url)}">${safe(url)}</a>`;

const table = (title, heads, rows) => `<h2>${title}</h2><table><thead><tr>${heads
  .map((head) => `<th>${head}</th>`).join('')}</tr></thead><tbody>${rows
  .map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}</tbody></table>`;

const pages = s.outcomes.reduce((sum, row) => sum + row.count, 0);
const failed = s.outcomes.filter((row) => row.failure).reduce((sum, row) => sum + row.count, 0);
const top = Math.max(...s.scores.histogram);
const bars = s.scores.histogram.map((count, at) =>
  `<rect x="${40 + at * 30}" y="${180 - (170 * count) / top}" width="28" height="${(170 * count) / top}"/>` +
  `<text x="${40 + at * 30}" y="195">${at * 5}</text>`).join('');
let at = 0;
const shades = ['#0b5a63', '#4b8a91', '#9cc3c7', '#dddddd'];
const shares = s.actions.map((action, index) => {
  const x = at;
  at += Number(action.share) * 6.4;
  return `<rect x="${x}" y="0" width="${at - x}" height="24" fill="${shades[Math.min(index, 3)]}"/>`;
}).join('');

const points = (page) => page.contributions
  .filter((c) => Number(c.points) !== 0)
  .sort((a, b) => Math.abs(b.points) - Math.abs(a.points))
  .slice(0, 3).map((c) => `${spaced(c.signal)} ${one(c.points)}`).join(', ');
const ranking = s.top.map((page) => [
  page.rank,
  `<b><a href="${safe(page.url)}">${safe(page.title ?? page.url)}</a></b><br>${safe(page.url)} · ` +
    `${safe([page.page_type, page.language, page.published].filter(Boolean).join(' · '))}<br>` +
    `${safe(page.reason)} (${points(page)})${page.duplicate_of ? `<br>repeats ${safe(page.duplicate_of)}` : ''}`,
  one(page.score),
  safe(page.action),
]);

const parts = [
  `<h1>${safe(s.title)}</h1><p>Run ${safe(s.run)}, input ${safe(s.input.names.join(', '))}, fetched ` +
    `${safe(s.fetched?.first)} to ${safe(s.fetched?.last)}, profile ${safe(s.profile.name)}.</p>`,
  `<p>Of ${n(s.input.lines)} lines, ${n(pages)} became pages; ${n(s.input.rejects)} could not be used and ` +
    `${n(s.input.duplicates)} repeated an earlier one. ${n(s.documents)} gave a document, ${n(failed)} failed.</p>`,
  table('Figures', ['Pages', 'Documents', 'Failed', 'Median score'],
    [[n(pages), n(s.documents), n(failed), one(s.scores.median)]]),
  `<h2>Scores</h2><svg width="660" height="200">${bars}</svg><svg width="640" height="26">${shares}</svg>`,
  table('Actions', ['Action', 'Documents', 'Share'],
    s.actions.map((a) => [`${safe(a.action)}<br>${safe(a.about)}`, n(a.count), `${one(a.share)}%`])),
  table('The best pages', ['#', 'Page and reason', 'Score', 'Action'], ranking),
  table('Earlier runs', ['Run', 'Pages', 'Mean'],
    s.trends.runs.map((run) => [safe(run.run), n(run.pages), one(run.mean)])),
  table('Pages that moved', ['Page', 'Before', 'Now'],
    s.trends.movers.map((page) => [`${link(page.url)}<br>${safe(page.standing)}`, one(page.before), one(page.now)])),
  table('Hosts', ['Host', 'Pages', 'Failed', 'Documents', 'Mean'],
    s.hosts.map((h) => [safe(h.host), n(h.pages), n(h.failed), n(h.documents), one(h.mean_score)])),
  table('Kinds', ['Kind', 'Documents', 'Share'],
    s.page_types.map((g) => [safe(g.name), n(g.count), share(g.count, s.documents)])),
  table('Languages', ['Language', 'Documents', 'Share'],
    s.languages.map((g) => [safe(g.name), n(g.count), share(g.count, s.documents)])),
  table('Politeness', ['Host', 'Requests', 'At a time', 'Waited'],
    s.politeness.worst.map((h) => [safe(h.host), n(h.requests), h.concurrency_max, h.pauses])),
  table('Lines', ['Became', 'Lines', 'Share'],
    [['pages', s.input.pages], ['rejects', s.input.rejects], ['repeated lines', s.input.duplicates]]
      .map(([name, count]) => [name, n(count), share(count, s.input.lines)])),
  table('Outcomes', ['Outcome', 'Pages', 'Share'],
    s.outcomes.map((o) => [`${spaced(o.outcome)}<br>${safe(o.about)}`, n(o.count), share(o.count, pages)])),
  table('Held back', ['Gate', 'Documents', 'Share'],
    s.gates.map((g) => [`${spaced(g.gate)}<br>${safe(g.about)}`, n(g.count), share(g.count, s.documents)])),
  table('Failures', ['Cause, with examples', 'Pages'],
    s.failures.map((f) => [`${spaced(f.outcome)}<br>${safe(f.reason)}<br>` +
      f.examples.slice(0, 3).map(link).join('<br>'), n(f.count)])),
  table('Failing hosts', ['Host', 'Mostly', 'Failed', 'Pages'],
    s.failing_hosts.map((h) => [safe(h.host), spaced(h.outcome), n(h.failed), n(h.pages)])),
  table('Unusable lines', ['Where', 'Line and reason'],
    s.rejects.sample.map((r) => [`${safe(r.source)}, line ${r.line_no}`, `${safe(r.text)}<br>${safe(r.reason)}`])),
  table('Repeats', ['First page, then examples', 'Repeated by'],
    s.duplicates.largest.map((c) => [`${link(c.representative)}<br>` +
      c.examples.slice(0, 3).map(link).join('<br>'), n(c.repeated)])),
  table('Signals', ['Signal', 'Weight'],
    s.profile.signals.map((x) => [`${spaced(x.name)}<br>${safe(x.about)}`, x.weight])),
  table('Settings', ['Name', 'Value'], s.settings.map((x) => [safe(x.name), safe(x.value)])),
  `<h2>Method</h2><p>${safe(s.repeat_command)}</p>${s.method.map((text) => `<p>${safe(text)}</p>`).join('')}`,
];

fs.writeFileSync(to, `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>${safe(s.title)}</title>
<style>body{font:9pt/1.35 sans-serif;color:#1d1e20}h2{font-size:14pt;margin:16pt 0 4pt}table{width:100%;border-collapse:collapse}
th{text-align:left;border-bottom:1px solid #1d1e20}td{vertical-align:top;padding:2pt 8pt 2pt 0;border-bottom:1px solid #dcd7cc}
tr{break-inside:avoid}a{color:#0b5a63;text-decoration:none}svg{display:block;margin:4pt 0}svg rect{fill:#0b5a63}svg text{font-size:8px}</style>
${parts.join('\n')}</html>`);
