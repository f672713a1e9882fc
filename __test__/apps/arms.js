'use strict';

// Runs an application on the built-in http and on ours, and sends both the same requests: the answers must be the same.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { tooOld } = require('../docs/run');
const { Running } = require('../support/process');

const register = path.resolve(__dirname, '../../lib/register.js');
const served = path.join(__dirname, 'served.js');

/** Why none of this runs here; false where it runs. */
const skip = process.platform === 'win32' ? 'the applications are started without a shell' : tooOld;

const builtIn = { name: 'built-in', options: ['-r', served], env: {}, by: 'node' };
const native = { name: 'rust-http/register', options: ['-r', register, '-r', served], env: {}, by: 'rust-http native' };
const others = ['stream', 'offload'].map((transport) => ({ ...native, name: `rust-http/register, ${transport}`, env: { RUST_HTTP_TRANSPORT: transport }, by: `rust-http ${transport}` }));

/** The built-in, and ours with all transports. */
const everyArm = [builtIn, native, ...others];
/** The built-in, and ours: for slow tests. */
const twoArms = [builtIn, native];

/** An application started in one of the arms. */
class App extends Running {
  /**
   * @param {object} arm
   * @param {string[]} args the program and its arguments
   * @param {{ cwd?: string, env?: object }} [where]
   */
  constructor(arm, args, { cwd, env } = {}) {
    super(['node', ...arm.options, ...args], { cwd, env: { ...arm.env, NO_COLOR: '1', ...env } });
    this.arm = arm;
  }

  /** The port that it prints after an address. */
  async port(pattern = /(?:localhost|127\.0\.0\.1|\[::1\]):(\d+)/) {
    return Number((await this.said(pattern))[1]);
  }

  /**
   * Ends it, and checks that its requests were served by the intended http.
   * @returns {Promise<number|string>} the exit code or the signal
   */
  async end(signal) {
    await this.said(/^first request served by (.*)$/m).then(([, by]) => assert.equal(by, this.arm.by));
    return this.stop(signal);
  }
}

/**
 * Does the same with each arm, and compares.
 * @param {TestContext} t of the test
 * @param {object[]} arms
 * @param {(start: (args: string[], where?: object) => App, arm: object) => Promise<any>} use starts the application,
 *   sends requests, and returns the answers
 * @returns {Promise<any>} the answers of the first arm
 */
async function sameInAll(t, arms, use) {
  let expected;
  for (const arm of arms) {
    const apps = [];
    const start = (args, { arm: other = arm, ...where } = {}) => {
      apps.push(new App(other, args, where));
      return apps.at(-1);
    };
    try {
      const found = await use(start, arm);
      if (arm === arms[0]) expected = found;
      else assert.deepEqual(found, expected, arm.name);
    } catch (error) {
      t.diagnostic(`${arm.name}: ${apps.map(({ output }) => output.slice(-2000)).join('\n')}`);
      throw error;
    } finally {
      await Promise.all(apps.map((app) => app.kill()));
    }
  }
  return expected;
}

/**
 * Sends a text on a new connection, and returns all bytes that come back until the peer closes it or `end` appears,
 * with varying parts masked.
 * @param {number} port
 * @param {string} text latin1
 * @param {[RegExp, string][]} [masks]
 * @param {string} [end]
 */
async function raw(port, text, masks = [], end = undefined) {
  const socket = net.connect(port, '127.0.0.1').setEncoding('latin1');
  socket.write(text, 'latin1');
  let answer = '';
  for await (const chunk of socket) {
    answer += chunk;
    if (end !== undefined && answer.endsWith(end)) break;
  }
  for (const [pattern, by] of [[/^date: .*$/gmi, 'Date: then'], ...masks]) answer = answer.replace(pattern, by);
  return answer;
}

/** An answer whose content came as it was read, without the sizes of its chunks. */
function whole(answer) {
  const [head, ...rest] = answer.split('\r\n\r\n');
  const lines = rest.join('\r\n\r\n').split('\r\n');
  return /^transfer-encoding: chunked/mi.test(head) ? `${head}\r\n\r\n${lines.filter((_, n) => n % 2 === 1).join('')}` : answer;
}

/** The text of a request with its fields; `Connection: close` unless they say otherwise. */
function request(method, target, fields = {}, body = '') {
  const all = { Host: 'app.test', Connection: 'close', ...(body && { 'Content-Length': Buffer.byteLength(body) }), ...fields };
  return `${method} ${target} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${Buffer.from(body).toString('latin1')}`;
}

/** A new empty directory, removed after the test. */
function directory(t, name) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `rust-http-${name}-`));
  t.after(() => fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}

module.exports = { App, directory, everyArm, raw, register, request, sameInAll, skip, twoArms, whole };
