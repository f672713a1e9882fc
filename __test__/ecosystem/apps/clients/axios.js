'use strict';

const http = require(process.argv[2]);
const { Readable } = require('node:stream');
const axios = require('axios');
const serve = require('./serve');

const piece = Buffer.alloc(65536, 'u');
const client = axios.create({ adapter: 'http', httpAgent: new http.Agent({ keepAlive: true }), proxy: false });

serve(http, {
  async get(url) {
    const res = await client.get(url, { responseType: 'text' });
    return { status: res.status, text: res.data, redirects: res.request._redirectable._redirectCount };
  },
  json: async (url, value) => (await client.post(url, value)).data,
  async upload(url, bytes) {
    const body = Readable.from(Array.from({ length: bytes / piece.length }, () => piece));
    return (await client.put(url, body, { maxRedirects: 0, headers: { 'Content-Type': 'application/octet-stream' } })).data;
  },
  timeout: (url, ms) => client.get(url, { timeout: ms }),
  abort: (url, ms) => client.get(url, { signal: AbortSignal.timeout(ms) }),
});
