// SPDX-License-Identifier: MIT
// A server of Express, which EXPRESS names, with two leaks: a cache that forgets nothing, and a listener for
// each request that nobody takes off. Its port is its first line on stdout.
'use strict';

const EventEmitter = require('events');
const express = require(process.env.EXPRESS);

class RenderedPage {
  constructor(path) {
    this.path = path;
    this.html = Buffer.alloc(1500, 97).toString('latin1') + path;
  }
}

class PageCache {
  constructor() {
    this.pages = new Map();
  }

  get(path) {
    let page = this.pages.get(path);
    if (!page) {
      page = new RenderedPage(path);
      this.pages.set(path, page);
    }
    return page;
  }
}

class Subscriber {
  constructor(request) {
    this.agent = request.get('user-agent') + ' ' + request.url;
    this.seen = [request.url, Date.now()];
  }
}

const app = express();
const cache = new PageCache();
const settings = new EventEmitter();
settings.setMaxListeners(0);

app.use((request, response, next) => {
  const subscriber = new Subscriber(request);
  settings.on('change', () => subscriber.seen.push('changed'));
  next();
});
app.get('/page/:id', (request, response) => response.send(cache.get(request.url).html));
app.get('/health', (request, response) => response.json({pages: cache.pages.size, memory: process.memoryUsage()}));

const server = app.listen(0, '127.0.0.1', () => require('fs').writeSync(1, server.address().port + '\n'));
