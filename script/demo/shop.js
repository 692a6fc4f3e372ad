// A small shop under steady load, with a cache of rendered pages: what the two demo apps share.
// No sockets and no dependencies; about 2 % of a core.
'use strict';

const REQUESTS_PER_TICK = 160;
const TICK_MS = 50;
const NEW_PAGE_EVERY = 16; // requests; the others ask for nothing that the cache does not know
const SESSIONS = 8000;

function renderPage(id) {
  const rows = [];
  for (let i = 0; i < 20; i++)
    rows.push({ product: id * 20 + i, title: `product ${id}/${i}`, price: (id % 97) + i / 100 });
  return { id, rows, renderedAt: Date.now() };
}

// maximumPages: how many pages the cache keeps. Infinity is the bug that heapwatch finds.
module.exports = function shop(maximumPages) {
  const pages = new Map();
  const sessions = new Map();
  let requests = 0;

  function request() {
    const id = ++requests;
    if (id % NEW_PAGE_EVERY === 0)
      pages.set(id, renderPage(id));
    if (pages.size > maximumPages)
      pages.delete(pages.keys().next().value);
    // Sessions live for a few seconds: they reach old space and die there, as in a real server.
    sessions.set(id, { id, cart: new Array(60).fill(id), user: `user-${id % 1000}` });
    if (sessions.size > SESSIONS)
      sessions.delete(sessions.keys().next().value);
  }

  setInterval(() => {
    for (let i = 0; i < REQUESTS_PER_TICK; i++)
      request();
  }, TICK_MS);
};
