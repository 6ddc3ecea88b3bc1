// A pool of pages in one Chromium prints a report to PDF again and again: what the system before this
// one did. Arguments: node_modules, the HTML, a folder, how many PDFs, how many pages. Prints JSON.
// CPU time and memory are those of Chromium's processes alone, its start left out.
const fs = require('fs');
const os = require('os');
const path = require('path');

const [modules, html, out, count, pages] = process.argv.slice(2);
const puppeteer = require(path.join(modules, 'puppeteer-core'));
const TICKS = 100;

function processes() {
  const all = fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const parents = new Map();
  for (const pid of all) {
    try {
      const text = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      parents.set(pid, { parent: fields[1], ticks: Number(fields[11]) + Number(fields[12]) });
    } catch {}
  }
  const below = new Set([String(process.pid)]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const [pid, { parent }] of parents) {
      if (!below.has(pid) && below.has(parent)) { below.add(pid); grew = true; }
    }
  }
  below.delete(String(process.pid));
  return [...below].map((pid) => ({ pid, ticks: parents.get(pid).ticks }));
}

// Proportional: pages that processes share count once.
function memory() {
  let total = 0;
  for (const { pid } of processes()) {
    try {
      const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      total += Number(/Pss:\s+(\d+)/.exec(text)[1]) * 1024;
    } catch {}
  }
  return total;
}

const cpu = () => processes().reduce((sum, one) => sum + one.ticks, 0) / TICKS;

(async () => {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'pool-'));
  const browser = await puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    protocolTimeout: 600000,
    userDataDir: profile,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const open = [];
  for (let at = 0; at < Number(pages); at++) open.push(await browser.newPage());
  const text = fs.readFileSync(html, 'utf8');
  let next = 0;
  let bytes = 0;
  let peak = 0;
  const print = async (page, to) => {
    await page.setContent(text, { waitUntil: 'load', timeout: 0 });
    const pdf = await page.pdf({ format: 'A4', tagged: true, printBackground: true, outline: true, timeout: 0 });
    fs.writeFileSync(to, pdf);
    return pdf.length;
  };
  // Every page is warm before the clock starts.
  await Promise.all(open.map((page, at) => print(page, path.join(out, `warm-${at}.pdf`))));
  const timer = setInterval(() => { peak = Math.max(peak, memory()); }, 250);
  const cpuBefore = cpu();
  const began = process.hrtime.bigint();
  await Promise.all(open.map(async (page) => {
    while (next < Number(count)) {
      const at = next++;
      bytes += await print(page, path.join(out, `${at}.pdf`));
    }
  }));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const cpuS = cpu() - cpuBefore;
  clearInterval(timer);
  await browser.close();
  fs.rmSync(profile, { recursive: true, force: true });
  console.log(JSON.stringify({ pdfs: Number(count), seconds, cpu_s: cpuS, bytes_each: bytes / Number(count), pss_bytes: peak }));
})().catch((error) => { console.error(error); process.exit(1); });
