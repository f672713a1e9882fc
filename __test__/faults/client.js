'use strict';
// A client whose system calls fail: node client.js TRANSPORT PORT CONNECTIONS REQUESTS SIZE PATIENCE. Reports the
// results of its exchanges.

const { readdirSync, writeFileSync } = require('node:fs');
const [transport, port, connections, requests, size, patience] = process.argv.slice(2).map((it, n) => (n === 0 ? it : Number(it)));
const http = transport === 'node' ? require('node:http') : require('../../lib');

const body = Buffer.alloc(size, 'y');
const expected = `${size} ${'x'.repeat(3000)}`;
const results = { answered: 0, failed: 0, hung: 0, lost: 0, unheard: 0, leaked: 0 };
const descriptors = () => readdirSync('/proc/self/fd').length;

function ask(agent) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patience, 'hung');
    const over = (what) => {
      clearTimeout(timer);
      resolve(what);
    };
    const req = http.request({ host: '127.0.0.1', port, agent, method: 'POST' }, (res) => {
      let text = '';
      res.setEncoding('latin1');
      res.on('data', (data) => { text += data; });
      res.on('end', () => over(text === expected ? 'answered' : 'lost'));
      res.on('error', () => over('failed'));
    });
    req.on('error', () => over('failed'));
    req.end(body);
  });
}

async function several() {
  const agent = new http.Agent({ keepAlive: true, ...(transport === 'node' ? {} : { transport }) });
  for (let n = 0; n < requests; n++) results[await ask(agent)]++;
  agent.destroy();
}

/** Descriptors of the reactor's set and its waker, which a thread keeps. */
const KEPT = transport === 'native' ? 2 : 0;
const before = descriptors();
writeFileSync(process.env.FAULT_GATE, '');
Promise.all(Array.from({ length: connections }, several)).then(() => {
  // Closed descriptors return to the system in the following turns.
  setTimeout(() => {
    results.leaked = Math.max(0, descriptors() - before - KEPT);
    process.send(results, () => process.exit());
  }, 100);
});
