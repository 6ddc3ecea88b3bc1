// Crawlee's HttpCrawler with a hundred at a time from the start; its request queue and its items
// are kept where and how it keeps them (CRAWLEE_STORAGE_DIR).
//
// Usage: crawlee_peer.cjs LIST

const { readFileSync } = require('node:fs');
const { HttpCrawler, log } = require('@crawlee/http');

log.setLevel(log.LEVELS.WARNING);

const crawler = new HttpCrawler({
  minConcurrency: 100,
  maxConcurrency: 100,
  async requestHandler({ request, response, body, pushData }) {
    await pushData({ url: request.url, status: response.statusCode, body: body.toString() });
  },
});

crawler.run(readFileSync(process.argv[2], 'utf8').split('\n').filter(Boolean));
