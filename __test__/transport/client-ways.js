'use strict';
// One scenario for three clients: node's own, ours over streams, ours over the native transport. All must show the
// same.

const assert = require('node:assert');
const builtin = require('node:http');
const net = require('node:net');
const { once } = require('node:events');
const { test } = require('node:test');
const ours = require('../../lib');
const ways = require('./ways');

const { pass, until } = ways;
const NAMES = ways.NAMES.filter((name) => name !== 'offload');
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A client and its server: the answers to its first two requests are plain, then the scenario decides. */
class Exchange {
  constructor(name) {
    this.name = name;
    this.http = name === 'node' ? builtin : ours;
    this.agent = new this.http.Agent({ keepAlive: true, maxSockets: 1, ...(name === 'node' ? {} : { transport: name }) });
    this.log = [];
    this.peers = [];
    this.answer = null;
    this.server = net.createServer({ noDelay: true }, (peer) => {
      this.peers.push(peer);
      peer.text = '';
      peer.on('error', () => {});
      peer.on('data', (data) => this.received(peer, data.latin1Slice()));
    });
  }

  get isNative() {
    return this.name === 'native';
  }

  get peer() {
    return this.peers[this.peers.length - 1];
  }

  received(peer, text) {
    if (peer.text.includes('\r\n\r\n')) return;
    peer.text += text;
    const isWhole = peer.text.includes('\r\n\r\n');
    if (this.answer === null) {
      peer.text = '';
      peer.write(OK);
    } else if (isWhole) {
      this.answer(peer);
    }
  }

  async listen(where = [0, '127.0.0.1']) {
    this.server.listen(...where);
    await once(this.server, 'listening');
    const address = this.server.address();
    this.where = typeof address === 'string' ? { socketPath: address } : { host: '127.0.0.1', port: address.port };
    for (let n = 0; n < 2; n++) await this.warm();
    const [socket] = Object.values(this.agent.freeSockets).flat();
    this.socket = socket;
    if (this.isNative) assert.strictEqual(this.agent.stats().open, 1, 'the core reads the kept connection');
  }

  async warm() {
    const req = this.http.get({ ...this.where, agent: this.agent }, (res) => res.resume());
    await once(req, 'close');
    await new Promise(setImmediate);
  }

  /** Makes a request; its events go to `log`, the body to `body`. Resolves when request and response are closed. */
  ask({ answer, at = {}, body, read = (res) => res.on('data', (data) => { this.body.push(data); }), ...options }) {
    this.answer = answer;
    if (this.peer) this.peer.text = '';
    this.body = [];
    const { log } = this;
    const req = this.http.request({ ...this.where, agent: this.agent, ...options });
    this.req = req;
    let closed = new Promise((resolve) => { req.on('close', resolve); });
    const first = closed;
    for (const name of ['socket', 'continue', 'timeout', 'drain', 'close']) req.on(name, () => log.push(name));
    req.on('information', ({ statusCode }) => log.push(`information ${statusCode}`));
    req.on('error', (error) => log.push(`error ${error.message} ${error.code}`));
    for (const name of ['upgrade', 'connect']) {
      if (at[name]) req.on(name, (res, socket, head) => { log.push(`${name} ${res.statusCode}`); at[name](res, socket, head); });
    }
    req.on('response', (res) => {
      log.push(`response ${res.statusCode}`);
      const ended = new Promise((resolve) => { res.on('close', resolve); });
      closed = Promise.all([closed, ended]);
      for (const name of ['end', 'aborted', 'close']) res.on(name, () => log.push(`res ${name}`));
      res.on('error', (error) => log.push(`res error ${error.message} ${error.code}`));
      at.response?.(res, req);
      read(res);
    });
    at.made?.(req);
    if (body !== null) req.end(body);
    return first.then(() => closed);
  }

  get bytes() {
    return Buffer.concat(this.body).latin1Slice();
  }

  /** Why the core gave sockets back; undefined for the others. */
  get reasons() {
    return this.isNative ? this.agent.stats().streamed : undefined;
  }

  async close() {
    this.agent.destroy();
    for (const peer of this.peers) peer.destroy();
    this.server.close();
    await pass(1);
  }
}

/**
 * Runs a scenario with each of the three, and compares what it returned.
 * @param {string} name
 * @param {function(Exchange): Promise<*>} scenario
 * @param {{reason?: string, where?: function(): Array}} [options] why the core must have given the socket back
 */
function everyClient(name, scenario, { reason, where, ...options } = {}) {
  test(name, { timeout: 60_000, ...options }, async () => {
    const results = {};
    for (const each of NAMES) {
      const exchange = new Exchange(each);
      try {
        await exchange.listen(where?.());
        results[each] = await scenario(exchange);
        if (exchange.isNative && ours.createServer().transport === 'native') {
          assert.deepStrictEqual(Object.keys(exchange.reasons), reason === undefined ? [] : [reason]);
        }
      } catch (error) {
        throw new Error(`${each}: ${error.message}`, { cause: error });
      } finally {
        await exchange.close();
      }
    }
    assert.notStrictEqual(results.node, undefined);
    for (const each of NAMES) assert.deepStrictEqual(results[each], results.node, each);
  });
}

module.exports = { Exchange, OK, everyClient, pass, until };
