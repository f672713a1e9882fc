'use strict';

const http = require(process.argv[2]);
const { Readable } = require('node:stream');
const serve = require('./serve');

const piece = Buffer.alloc(65536, 'u');

import('node-fetch').then(({ default: fetch }) => {
  const agent = new http.Agent({ keepAlive: true });

  serve(http, {
    async get(url) {
      const res = await fetch(url, { agent });
      return { status: res.status, text: await res.text(), redirects: res.redirected ? 1 : 0 };
    },
    async json(url, value) {
      const res = await fetch(url, { agent, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });
      return res.json();
    },
    async upload(url, bytes) {
      const body = Readable.from(Array.from({ length: bytes / piece.length }, () => piece));
      return (await fetch(url, { agent, method: 'PUT', body })).json();
    },
    abort: (url, ms) => fetch(url, { agent, signal: AbortSignal.timeout(ms) }),
  });
});
