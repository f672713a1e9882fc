'use strict';
// One scenario on four servers: node's own, ours over streams, over the native transport, and with its I/O in other
// threads. All must show the same.

const { test } = require('node:test');
const assert = require('node:assert');
const builtin = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const ours = require('../../lib');
const { HTTPParser } = require('../../lib/parser/parser');
const { SLOWNESS } = require('../support/slowness');

// On Windows every other transport is the stream transport.
const NAMES = ['node', 'stream', ...(process.platform === 'win32' ? [] : ['native', 'offload'])];
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** @param {string} path @returns {string} a request */
function get(path) {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
}

/**
 * Waits, at most a few seconds.
 * @param {function(): boolean} condition
 */
async function until(condition) {
  for (let n = 0; n < 1000 * SLOWNESS; n++) {
    if (condition()) return;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
  throw new Error(`never: ${condition}`);
}

/** @param {number} milliseconds */
function pass(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

/** A server's side of a scenario: made by `serve`, closed when the scenario is over. */
class Way {
  constructor(name) {
    this.name = name;
    this.http = name === 'node' ? builtin : ours;
    this.options = name === 'node' ? {} : { transport: name };
    this.servers = [];
    this.clients = [];
  }

  get isNative() {
    return this.name === 'native' || this.name === 'offload';
  }

  create(handler, options = {}) {
    const server = this.http.createServer({ ...this.options, ...options }, handler);
    this.servers.push(server);
    return server;
  }

  async serve(handler, options = {}, where = [0, '127.0.0.1']) {
    const server = this.create(handler, options);
    server.listen(...where);
    await once(server, 'listening');
    return server;
  }

  /** A client that collects what it receives in `text`; `ended`, `closed` and `failed` tell how it went. */
  async connect(server, options = {}) {
    const address = server.address();
    const where = typeof address === 'string' ? { path: address } : { port: address.port, host: '127.0.0.1' };
    const client = net.connect({ ...where, noDelay: true, allowHalfOpen: true, ...options });
    this.clients.push(client);
    client.text = '';
    client.ended = client.closed_ = false;
    client.failed = undefined;
    client.setEncoding('latin1');
    client.on('data', (data) => { client.text += data; });
    client.on('end', () => { client.ended = true; });
    client.on('close', () => { client.closed_ = true; });
    client.on('error', (error) => { client.failed = error.code; });
    await once(client, 'connect');
    return client;
  }

  async close() {
    for (const client of this.clients) client.destroy();
    for (const server of this.servers) {
      if (!server.listening) continue;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }
}

/** The bodies in a text of responses with Content-Length. @param {string} text @returns {string[]} */
function bodies(text) {
  const found = [];
  for (let rest = text; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(rest.slice(0, end))?.[1] ?? rest.length);
    found.push(rest.slice(end + 4, end + 4 + length));
    rest = rest.slice(end + 4 + length);
  }
  return found;
}

/**
 * Runs a scenario on each of the four, and compares what it returned.
 * @param {string} name
 * @param {function(Way): Promise<*>} scenario
 * @param {{expected?: *, on?: string[]}} [options] `on`: names of the ways to compare
 */
function everyWay(name, scenario, { expected, on = NAMES, ...options } = {}) {
  const here = on.filter((each) => NAMES.includes(each));
  test(name, { timeout: 60_000 * SLOWNESS, skip: here.length === 0 && 'there is no such transport here', ...options }, async () => {
    const ways = here.map((each) => new Way(each));
    const results = {};
    for (const way of ways) {
      try {
        results[way.name] = await scenario(way);
      } catch (error) {
        throw new Error(`${way.name}: ${error.message}`, { cause: error });
      } finally {
        await way.close();
      }
    }
    for (const way of ways) assert.deepStrictEqual(results[way.name], expected ?? results[ways[0].name], way.name);
  });
}

/**
 * For tests of what node's server does not have.
 * @param {string} name of a transport
 * @param {number} timeout of each test, in milliseconds on a usual machine
 * @returns {function(string, function(Way, TestContext): Promise): Promise} makes a test from a sentence and a scenario
 */
function testsOn(name, timeout) {
  return (sentence, scenario) => test(`${sentence} (transport ${name})`, { timeout: timeout * SLOWNESS }, async (t) => {
    const way = new Way(name);
    try {
      await scenario(way, t);
    } finally {
      await way.close();
    }
  });
}

/**
 * Ends the async scope of a connection of ours whose socket never tells our listener that it has closed. From Node 25 on a
 * scope keeps its connection, as the parser of node's http does on every release.
 * @param {HTTPParser} parser
 */
function endScope(parser) {
  if (parser instanceof HTTPParser) parser.close();
}

module.exports = { GET, NAMES, Way, bodies, endScope, everyWay, get, pass, testsOn, until };
