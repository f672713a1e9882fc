'use strict';
// Exchanges with a server whose system calls fail, and their results.

const { spawnSync, fork } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdtempSync, rmSync } = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { constants: { errno } } = os;
const { SLOWNESS } = require('../support/slowness');

const SOURCE = path.join(__dirname, '../support/faults.c');
const CONNECTIONS = 24;
const REQUESTS = 6;
/** Bytes of a body: more than a read takes. */
const SIZE = 200_000;
/** Milliseconds without an answer after which an exchange counts as hung. */
const PATIENCE = 8000 * SLOWNESS;
const EXPECTED = `${SIZE} ${'x'.repeat(3000)}`;

/** @param {string} folder @returns {string|undefined} the library to preload; undefined if it cannot be built */
function build(folder) {
  const library = path.join(folder, 'faults.so');
  const [compiler, ...options] = (process.env.CC ?? 'cc').split(' ');
  const { status } = spawnSync(compiler, [...options, '-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl']);
  return status === 0 ? library : undefined;
}

/** One connection: requests one after the other, until it breaks. */
function exchange(port, results) {
  return new Promise((resolve) => {
    const client = net.connect(port, '127.0.0.1');
    let text = '';
    let sent = 0;
    let isOver = false;
    const over = (what) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      if (what !== undefined) results[what]++;
      client.destroy();
      resolve();
    };
    const timer = setTimeout(over, PATIENCE, 'hung');
    const ask = () => {
      sent++;
      timer.refresh();
      text = '';
      client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${SIZE}\r\n\r\n`);
      client.write(Buffer.alloc(SIZE, 'y'));
    };
    client.setEncoding('latin1');
    client.on('connect', ask);
    client.on('data', (data) => {
      text += data;
      const end = text.indexOf('\r\n\r\n');
      if (end < 0 || text.length - end - 4 < EXPECTED.length) return;
      if (text.slice(end + 4) !== EXPECTED) return over('lost');
      results.answered++;
      if (sent < REQUESTS) ask();
      else over();
    });
    // An end or a reset: this side is notified.
    client.on('error', () => {});
    client.on('close', () => over('failed'));
  });
}

/**
 * Makes the system calls of a process fail.
 * @param {string} program
 * @param {string[]} args
 * @param {string} library to preload
 * @param {{call: string, error: string, every: number}} fault
 * @param {function(ChildProcess): Promise<object>} use
 * @returns {Promise<object>} the result of `use`, and `made`: whether a call has failed
 */
async function faulty(program, args, library, { call, error, every }, use) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'faults-'));
  const made = path.join(folder, 'made');
  const fault = {
    FAULT_CALL: call, FAULT_ERROR: String(errno[error]), FAULT_EVERY: String(every), FAULT_GATE: path.join(folder, 'gate'), FAULT_MADE: made,
  };
  const child = fork(path.join(__dirname, program), args, { env: { ...process.env, ...fault, LD_PRELOAD: library }, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const exited = once(child, 'exit');
  try {
    const results = await Promise.race([use(child), exited.then(([code, signal]) => { throw new Error(`it ended: ${code ?? signal}`); })]);
    return { ...results, made: existsSync(made) };
  } finally {
    child.kill();
    await exited;
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} library to preload
 * @param {{transport: string, call: string, error: string, every: number}} fault of a server
 * @returns {Promise<{answered: number, failed: number, hung: number, lost: number, unheard: number, leaked: number,
 *   errors: string[], made: boolean}>} `failed`: connections whose end the client noticed; `unheard`: those whose end the
 *   server did not notice; `errors`: the call and the error of each 'error' event of the server
 */
function serve(library, { transport, ...fault }) {
  return faulty('server.js', [transport], library, fault, async (server) => {
    const [{ port }] = await once(server, 'message');
    const results = { answered: 0, failed: 0, hung: 0, lost: 0, unheard: 0, leaked: 0 };
    await Promise.all(Array.from({ length: CONNECTIONS }, () => exchange(port, results)));
    server.send('end');
    const [{ before, after, opened, closed, errors }] = await once(server, 'message');
    results.errors = errors;
    results.unheard = opened - closed;
    // The server does not listen any more.
    results.leaked = Math.max(0, after - (before - 1));
    return results;
  });
}

/** The same for a client; `failed` counts exchanges. */
async function ask(library, { transport, ...fault }) {
  const open = new Set();
  const server = http.createServer((req, res) => {
    let size = 0;
    req.on('data', (data) => { size += data.length; });
    req.on('end', () => { res.end(`${size} ${'x'.repeat(3000)}`); });
    req.on('error', () => {});
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const args = [transport, server.address().port, CONNECTIONS, REQUESTS, SIZE, PATIENCE].map(String);
  try {
    return await faulty('client.js', args, library, fault, async (client) => {
      const [results] = await once(client, 'message');
      // What the client has closed the server reads in turns of its own.
      const end = Date.now() + PATIENCE;
      while (open.size > 0 && Date.now() < end) await new Promise(setImmediate);
      results.unheard = open.size;
      return results;
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

module.exports = { CONNECTIONS, REQUESTS, ask, build, serve };

// node exchanges.js server|client TRANSPORT CALL ERROR EVERY
if (require.main === module) {
  const [side, transport, call, error, every] = process.argv.slice(2);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'faults-'));
  const run = side === 'server' ? serve : ask;
  run(build(folder), { transport, call, error, every: Number(every) })
    .then((results) => { console.log(side, transport, call, error, every, JSON.stringify(results)); })
    .finally(() => rmSync(folder, { recursive: true }));
}
