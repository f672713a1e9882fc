'use strict';

const http = require(process.argv[2]);
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const serve = require('./serve');

const piece = Buffer.alloc(65536, 'u');

import('got').then(({ got }) => {
  const agent = { http: new http.Agent({ keepAlive: true }) };
  const ask = got.extend({ agent, request: http.request, retry: { limit: 0 } });

  serve(http, {
    async get(url) {
      const res = await ask(url);
      return { status: res.statusCode, text: res.body, redirects: res.redirectUrls.length };
    },
    json: (url, value) => ask.post(url, { json: value }).json(),
    async upload(url, bytes) {
      const stream = ask.stream.put(url);
      const answer = [];
      stream.on('data', (data) => answer.push(data));
      await pipeline(Readable.from(Array.from({ length: bytes / piece.length }, () => piece)), stream);
      if (!stream.readableEnded) await new Promise((resolve) => stream.on('end', resolve));
      return JSON.parse(Buffer.concat(answer));
    },
    timeout: (url, ms) => ask(url, { timeout: { request: ms } }).text(),
    abort: (url, ms) => ask(url, { signal: AbortSignal.timeout(ms) }).text(),
    retry: (url) => ask(url, { retry: { limit: 2, calculateDelay: ({ computedValue }) => computedValue && 10 } }).text(),
  });
});
