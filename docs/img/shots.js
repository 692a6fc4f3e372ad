// SPDX-License-Identifier: MIT
// Photographs the status page for docs/img/make: node shots.js URL APP DIRECTORY.
'use strict';

const { chromium } = require('playwright-core');

const [url, app, directory] = process.argv.slice(2);
const shots = [
  { name: 'status', path: '/', width: 1200, height: 680, scheme: 'light' },
  { name: 'process', path: `/process/${app}/0?range=all`, width: 1200, height: 1370, scheme: 'light' },
  { name: 'narrow', path: '/', width: 400, height: 800, scheme: 'dark' },
];

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
  for (const shot of shots) {
    const page = await browser.newPage({
      viewport: { width: shot.width, height: shot.height }, colorScheme: shot.scheme,
    });
    await page.goto(url + shot.path);
    await page.screenshot({ path: `${directory}/${shot.name}.png` });
    await page.close();
  }
  await browser.close();
})();
