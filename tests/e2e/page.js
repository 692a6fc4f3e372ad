// SPDX-License-Identifier: MIT
// What page.py asks of the status page in a real browser: node page.js BASE_URL HOSTILE_NAME LEAK_APP EMPTY_URL.
// Prints a line of JSON per case: {"name": …, "error": null or text, "seconds": …}.
'use strict';

const { chromium } = require('playwright-core');

const [base, hostile, leaking, emptyUrl] = process.argv.slice(2);
const PATIENCE = Number(process.env.HEAPWATCH_E2E_PATIENCE || 1);
const WAIT_MS = 20000 * PATIENCE;
const QUIET_MS = 6500; // longer than the page's own period
const CONTRAST_MIN = 4.5;
const PAGES = ['/', `/process/${leaking}/0`];
const complaints = [];

function check(condition, message) {
  if (!condition)
    throw new Error(message);
}

// What the page logs, above all that its own policy was violated, and what it must never do.
function listen(page) {
  page.setDefaultTimeout(WAIT_MS);
  page.on('console', (message) => {
    if (!page.isCutOff && (message.type() === 'error' || message.type() === 'warning'))
      complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error}`));
  page.on('dialog', (dialog) => complaints.push(`${page.url()}: dialog ${dialog.message()}`));
  page.on('request', (request) => {
    if (![base, emptyUrl].some((own) => request.url().startsWith(own)))
      complaints.push(`asks for ${request.url()}`);
  });
  return page;
}

async function opened(browser, path, options) {
  const context = await browser.newContext(options);
  const page = listen(await context.newPage());
  await page.goto(base + path);
  return page;
}

const cases = {
  async 'the list tells first which process leaks, since when and why'(browser) {
    const page = await opened(browser, '/');
    const card = page.locator('.cards article').first();
    check((await card.getByRole('link').textContent()) === `${leaking}/0`, 'another comes first');
    const text = await card.textContent();
    check(/(Leaks|May leak) .*since .* UTC .*ago/s.test(text), `no sentence in ${text}`);
    check((await card.locator('.why').textContent()).length > 20, 'no reason');
    check(await card.getByRole('img', { name: /^From .* to / }).isVisible(), 'no drawing');
    const table = page.getByRole('table', { name: 'All processes' });
    const first = await table.getByRole('rowheader').first().textContent();
    check(first.startsWith(`${leaking}/0`), `the table begins with ${first}`);
    check(await table.getByRole('columnheader', { name: 'Time left' }).isVisible(), 'no column');
    check((await page.title()).startsWith('('), 'the title does not count');
    await page.context().close();
  },

  async 'a click opens a process with its charts, and ranges of time'(browser) {
    const page = await opened(browser, '/');
    await page.getByRole('table').getByRole('link', { name: `${leaking}/0` }).click();
    await page.getByRole('heading', { level: 1, name: `${leaking}/0` }).waitFor();
    for (const name of [/^Heap over/, /^Resident memory/, /^Leak score/, /^Longest pauses/])
      check(await page.getByRole('img', { name }).isVisible(), `no chart ${name}`);
    for (const name of ['Why', 'What to do', 'Over time', 'To know more', 'Heaps', 'Identity'])
      check(await page.getByRole('heading', { name, exact: true }).isVisible(), `no ${name}`);
    const drawn = await page.locator('.chart .floor').getAttribute('d');
    check(drawn.length > 10, `floor ${drawn}`);
    const ranges = page.getByRole('navigation', { name: 'Time span of the charts' });
    await ranges.getByRole('link', { name: 'all' }).click();
    await page.waitForURL('**?range=all');
    check(await ranges.locator('[aria-current=true]').textContent() === 'all', 'not chosen');
    await page.getByRole('link', { name: 'All processes' }).click();
    await page.waitForURL(`${base}/`);
    await page.context().close();
  },

  async 'live: it stays current, and keeps focus and filter'(browser) {
    const page = await opened(browser, '/');
    await page.getByLabel('Filter').fill('idle');
    const rows = page.locator('tbody tr:visible');
    check(await rows.count() === 1, `${await rows.count()} rows`);
    await page.getByRole('table').getByRole('link', { name: 'idle/0' }).focus();
    await page.evaluate(() => { document.querySelector('#live h1').dataset.old = 'yes'; });
    await page.waitForFunction(() => !document.querySelector('#live h1').dataset.old);
    check(await rows.count() === 1, 'the filter is gone');
    const focused = await page.evaluate(() => document.activeElement.textContent);
    check(focused === 'idle/0', `focus is at ${focused}`);
    await page.context().close();
  },

  async 'live: nothing is asked when paused or hidden'(browser) {
    const paused = await opened(browser, '/');
    const hidden = await opened(browser, PAGES[1]);
    let count = 0;
    await paused.getByRole('button', { name: 'Pause' }).click();
    check(await paused.getByRole('button', { name: 'Go on' }).isVisible(), 'no way back');
    await hidden.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await new Promise((resolve) => { setTimeout(resolve, 300); }); // what was under way
    for (const page of [paused, hidden])
      page.on('request', () => { count++; });
    await new Promise((resolve) => { setTimeout(resolve, QUIET_MS); });
    check(count === 0, `${count} requests`);
    const asked = hidden.waitForRequest(/process/);
    await hidden.evaluate(() => {
      delete document.hidden;
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await asked;
    await paused.context().close();
    await hidden.context().close();
  },

  async 'live: it says that heapwatchd does not answer, and recovers'(browser) {
    const page = await opened(browser, '/');
    page.isCutOff = true; // the browser tells of requests that fail
    await page.route('**/*', (route) => route.abort());
    await page.getByRole('status').getByText('No answer').waitFor();
    check(await page.getByRole('table').isVisible(), 'what was shown is gone');
    await page.unroute('**/*');
    await page.getByRole('status').getByText('Live').waitFor();
    await page.context().close();
  },

  async 'without JavaScript it is complete'(browser) {
    const page = await opened(browser, '/', { javaScriptEnabled: false });
    check(await page.getByRole('table').isVisible(), 'no table');
    check(!await page.getByLabel('Filter').isVisible(), 'a filter that does nothing');
    check(!await page.getByRole('button').isVisible(), 'a button that does nothing');
    await page.getByRole('table').getByRole('link', { name: `${leaking}/0` }).click();
    check(await page.getByRole('img', { name: /^Heap over/ }).isVisible(), 'no chart');
    const link = page.getByRole('link', { name: 'As JSON' });
    const json = await page.request.get(await link.evaluate((element) => element.href));
    check((await json.json()).app === leaking, 'no JSON');
    await page.context().close();
  },

  async 'text has a contrast of 4.5 in both schemes'(browser) {
    for (const colorScheme of ['light', 'dark']) {
      for (const path of PAGES) {
        const page = await opened(browser, path, { colorScheme });
        const low = await page.evaluate(lowContrasts, CONTRAST_MIN);
        check(low.length === 0, `${colorScheme} ${path}: ${low.slice(0, 5).join('; ')}`);
        await page.context().close();
      }
    }
  },

  async 'nothing is cut off on a narrow screen'(browser) {
    for (const width of [320, 800, 1024, 1200]) {
      for (const path of [...PAGES, `/process/${encodeURIComponent(hostile)}/0`]) {
        const page = await opened(browser, path, { viewport: { width, height: 700 } });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        check(wide <= width, `${path} is ${wide} wide on ${width}`);
        await page.context().close();
      }
    }
  },

  async 'the keyboard is enough'(browser) {
    const page = await opened(browser, '/');
    await page.keyboard.press('Tab');
    check(await page.evaluate(() => document.activeElement.className) === 'skip', 'no skip link');
    await page.keyboard.press('Enter');
    check(await page.evaluate(() => document.activeElement.id) === 'live', 'it does not skip');
    await page.keyboard.press('Tab');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    check(outline !== 'none', 'focus cannot be seen');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: `${leaking}/0` }).waitFor();
    await page.context().close();
  },

  async 'hostile names stay text'(browser) {
    const page = await opened(browser, '/');
    const link = page.getByRole('table').getByRole('link', { name: `${hostile}/0` });
    check(await page.locator('main img').count() === 0, 'an element of theirs');
    await link.click();
    await page.getByRole('heading', { level: 1 }).getByText(hostile).waitFor();
    check(await page.locator('img').count() === 0, 'an element of theirs');
    await page.context().close();
  },

  async 'without processes it says what to do'(browser) {
    const page = await opened(browser, '/');
    await page.goto(emptyUrl);
    await page.getByRole('heading', { name: 'No Node.js process is seen' }).waitFor();
    check(await page.getByText('heapwatch run').isVisible(), 'no advice');
    await page.context().close();
  },

  async 'motion is reduced where that is wanted'(browser) {
    const page = await opened(browser, '/', { reducedMotion: 'reduce' });
    const moving = await page.evaluate(() => [...document.querySelectorAll('*')].filter((element) =>
      getComputedStyle(element).transitionDuration.split(', ').some((one) => one !== '0s')).length);
    check(moving === 0, `${moving} elements move`);
    await page.context().close();
  },

  async 'the browser had nothing to complain about'() {
    check(complaints.length === 0, [...new Set(complaints)].join('; '));
  },
};

// In the page: elements with text of their own whose contrast with their ground is too low.
function lowContrasts(least) {
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = color.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length < 4 || color[3] === 1)
        return color;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.body.querySelectorAll('*')) {
    const hasText = [...element.childNodes].some((node) =>
      node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== '');
    if (!hasText || !element.checkVisibility() || element.closest('svg'))
      continue;
    const [a, b] = [luminance(parse(getComputedStyle(element).color)), luminance(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < least)
      found.push(`${contrast.toFixed(2)} of "${element.textContent.trim().slice(0, 30)}"`);
  }
  return found;
}

async function run(browser, name) {
  const begin = Date.now();
  let error = null;
  try {
    await cases[name](browser);
  } catch (caught) {
    error = String(caught.message || caught);
  }
  console.log(JSON.stringify({ name, error, seconds: (Date.now() - begin) / 1000 }));
}

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  });
  // Those that wait for the page's own period do so together.
  const names = Object.keys(cases);
  await Promise.all(names.filter((name) => name.startsWith('live: '))
    .map((name) => run(browser, name)));
  for (const name of names.filter((one) => !one.startsWith('live: ')))
    await run(browser, name);
  await browser.close();
})();
