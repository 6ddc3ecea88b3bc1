// How long a page takes to open: from asking for the file to the frame after its load event, in a
// Chromium that is warm. Arguments: node_modules, the HTML, how often. Prints the median as JSON.
const path = require('path');

const [modules, html, times] = process.argv.slice(2);
const puppeteer = require(path.join(modules, 'puppeteer-core'));

(async () => {
  const browser = await puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  const took = [];
  for (let at = 0; at <= Number(times); at++) {
    await page.goto('about:blank');
    const began = process.hrtime.bigint();
    await page.goto(`file://${html}`, { waitUntil: 'load', timeout: 0 });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0))));
    // The first one starts a renderer.
    if (at > 0) took.push(Number(process.hrtime.bigint() - began) / 1e6);
  }
  await browser.close();
  took.sort((a, b) => a - b);
  console.log(JSON.stringify({ open_ms: took[Math.floor(took.length / 2)] }));
})().catch((error) => { console.error(error); process.exit(1); });
