// SPDX-License-Identifier: MIT
// Photographs a dashboard of deploy/grafana over a running Prometheus without a Grafana: what draws its
// panels are Grafana's own components, see dashboard.jsx.
//
//   node dashboard.js DASHBOARD.json PROMETHEUS-URL MINUTES PICTURE.png
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { build } = require('esbuild');
const { chromium } = require('playwright-core');

const [file, prometheus, minutes, picture] = process.argv.slice(2);
const dashboard = JSON.parse(fs.readFileSync(file, 'utf8'));
const width = 1400, height = 900;
const stepSeconds = 5;
const to = Math.floor(Date.now() / 1000), from = to - minutes * 60;

// The answer of Prometheus to a query of a panel, with all hosts and apps chosen.
async function ask(target) {
  const query = target.expr.replaceAll('$__rate_interval', `${4 * stepSeconds}s`)
    .replaceAll(/\$\{?(instance|app|slot)\}?/g, '.*');
  const parameters = target.instant ? { query, time: to } : { query, start: from, end: to, step: stepSeconds };
  const answer = await fetch(
    `${prometheus}/api/v1/query${target.instant ? '' : '_range'}?${new URLSearchParams(parameters)}`);
  if (!answer.ok)
    throw new Error(`${query}: ${await answer.text()}`);
  return (await answer.json()).data.result;
}

// The editor of queries, which no panel shows, is most of the library.
const withoutEditors = {
  name: 'without editors',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(@monaco-editor|monaco-editor|slate)($|\/)/ }, ({ path: name }) =>
      ({ path: name, namespace: 'empty' }));
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {}' }));
  },
};

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [path.join(__dirname, 'dashboard.jsx')], outdir: 'out', write: false, bundle: true,
    format: 'iife', jsx: 'automatic', logLevel: 'error', plugins: [withoutEditors],
    nodePaths: process.env.NODE_PATH.split(':'), loader: { '.ttf': 'empty' },
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  });
  const text = suffix => outputFiles.find(output => output.path.endsWith(suffix)).text;
  return { script: text('.js'), style: text('.css') };
}

async function main() {
  const answers = await Promise.all(dashboard.panels.map(
    panel => Promise.all((panel.targets ?? []).map(ask))));
  const input = JSON.stringify({ dashboard, answers, from: from * 1000, to: to * 1000, width });
  const { script, style } = await bundle();
  const files = {
    '/': ['text/html', '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="style.css">' +
      '<div id="root"></div><script src="input.js"></script><script src="script.js"></script>'],
    '/style.css': ['text/css', style],
    '/input.js': ['text/javascript', `window.heapwatch = ${input};`],
    '/script.js': ['text/javascript', script],
  };
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'],
  });
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: 'light' });
  page.on('pageerror', error => console.error(String(error)));
  await page.route('**/*', (route) => {
    const [contentType, body] = files[new URL(route.request().url()).pathname] ?? [];
    return route.fulfill(body === undefined ? { status: 404 } : { contentType, body });
  });
  await page.goto('http://dashboard.invalid/'); // answered above; a page without an address has no storage
  await page.waitForSelector('.uplot canvas');
  await page.waitForTimeout(3000); // charts measure themselves first
  await page.screenshot({ path: picture });
  await browser.close();
}

main();
