// SPDX-License-Identifier: MIT
// Keeps the page current: asks for the same page and puts its <main> in the place of the one shown.
// Without it the page works, and stays as it was.
'use strict';

(() => {
  const PERIOD_MS = 5000;
  const live = () => document.getElementById('live');
  const news = document.getElementById('news');
  const pause = document.getElementById('pause');
  let timer = 0;
  let isPaused = false;
  let request = null;

  // ---- what is shown stays as the reader has set it ----

  function filter() {
    const input = document.getElementById('filter');
    if (!input)
      return;
    const wanted = input.value.trim().toLowerCase();
    for (const row of live().querySelectorAll('tbody tr'))
      row.hidden = wanted !== '' && !row.textContent.toLowerCase().includes(wanted);
  }

  function enhance() {
    for (const element of document.querySelectorAll('.tools, .filter'))
      element.hidden = false;
    filter();
  }

  // A link is found again by where it leads, any other control by its id.
  function remember() {
    const focused = document.activeElement;
    const filterInput = document.getElementById('filter');
    return {
      id: focused && live().contains(focused) ? focused.id : '',
      href: focused && live().contains(focused) ? focused.getAttribute('href') : null,
      filter: filterInput ? filterInput.value : '',
      caret: filterInput && focused === filterInput ? filterInput.selectionStart : null,
    };
  }

  function restore(kept) {
    const input = document.getElementById('filter');
    if (input)
      input.value = kept.filter;
    const links = [...live().querySelectorAll('a')];
    const target = kept.id ? document.getElementById(kept.id)
      : links.find((link) => kept.href !== null && link.getAttribute('href') === kept.href);
    if (target)
      target.focus({ preventScroll: true });
    if (input && kept.caret !== null)
      input.setSelectionRange(kept.caret, kept.caret);
  }

  function show(text) {
    const fresh = new DOMParser().parseFromString(text, 'text/html');
    const main = fresh.getElementById('live');
    if (!main)
      return;
    const kept = remember();
    live().replaceChildren(...main.childNodes);
    document.title = fresh.title;
    const footer = fresh.querySelector('footer');
    if (footer)
      document.querySelector('footer').replaceWith(footer);
    restore(kept);
    enhance();
  }

  // ---- asking ----

  function say(text, isTrouble) {
    if (news.textContent !== text)
      news.textContent = text;
    document.body.classList.toggle('stale', isTrouble);
  }

  async function refresh() {
    request = new AbortController();
    try {
      const answer = await fetch(location.href, { cache: 'no-cache', signal: request.signal });
      const text = await answer.text();
      // A process that has ended is told by the page itself.
      if (answer.ok || answer.status === 404) {
        show(text);
        say('Live', false);
      } else {
        say(`heapwatchd answers ${answer.status}`, true);
      }
    } catch (error) {
      if (error.name !== 'AbortError')
        say('No answer from heapwatchd: what is shown is old', true);
    } finally {
      request = null;
    }
    plan();
  }

  // Nothing is asked while nobody looks.
  function plan() {
    clearTimeout(timer);
    if (!isPaused && !document.hidden && !request)
      timer = setTimeout(refresh, PERIOD_MS);
  }

  function resume() {
    clearTimeout(timer);
    if (!isPaused && !document.hidden && !request)
      refresh();
  }

  pause.addEventListener('click', () => {
    isPaused = !isPaused;
    pause.setAttribute('aria-pressed', String(isPaused));
    pause.textContent = isPaused ? 'Go on' : 'Pause';
    if (isPaused && request)
      request.abort();
    say(isPaused ? 'Paused' : 'Live', false);
    resume();
  });
  document.addEventListener('visibilitychange', resume);
  document.addEventListener('input', (event) => {
    if (event.target.id === 'filter')
      filter();
  });

  say('Live', false);
  enhance();
  plan();
})();
