'use strict';
// Handlers that run the event loop, as packages do that make a program wait. What a connection has received and not
// delivered stays its own, and all others are served meanwhile.

const { test } = require('node:test');
const assert = require('node:assert');
const net = require('node:net');
const { once } = require('node:events');
const ours = require('../..');
const { everyWay, bodies, get, pass, until } = require('./ways');
const { runLoopUntil, unavailable } = require('../support/native');

const skip = unavailable;

/** @param {string} path @param {string} body @returns {string} a request */
function post(path, body) {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Answers a request with its own body. */
function echo(req, res, prefix = '') {
  const pieces = [];
  req.on('data', (piece) => pieces.push(piece));
  req.on('end', () => {
    const body = Buffer.concat(pieces).toString();
    res.setHeader('Content-Length', Buffer.byteLength(prefix + body));
    res.end(prefix + body);
  });
}

// Waits for this many complete answers.
async function answered(client, count = 1) {
  await until(() => {
    const lengths = [...client.text.matchAll(/content-length: (\d+)/gi)].map((match) => Number(match[1]));
    const found = bodies(client.text);
    return found.length >= count && found.every((body, n) => body.length === lengths[n]);
  });
  return bodies(client.text);
}

everyWay('a handler that runs the loop gets the body of its own request', async (way) => {
  const clients = [];
  const server = await way.serve((req, res) => {
    if (req.url === '/waits') runLoopUntil(() => clients[1].text.includes('theirs'));
    echo(req, res);
  });
  for (let n = 0; n < 2; n++) clients.push(await way.connect(server));
  clients[0].write(post('/waits', 'mine'));
  setTimeout(() => clients[1].write(post('/other', 'theirs')), 30);
  return [await answered(clients[0]), await answered(clients[1])];
}, { expected: [['mine'], ['theirs']], skip });

everyWay('a handler can wait for an answer of its own server', async (way) => {
  const server = await way.serve((req, res) => {
    if (req.url === '/inner') {
      res.end('inner');
      return;
    }
    let text = '';
    let ended = false;
    way.http.get({ port: server.address().port, host: '127.0.0.1', path: '/inner', agent: false }, (answer) => {
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => { ended = true; });
    });
    runLoopUntil(() => ended);
    res.setHeader('Content-Length', 11);
    res.end(`outer ${text}`);
  });
  const client = await way.connect(server);
  client.write(get('/outer'));
  return answered(client);
}, { expected: ['outer inner'], skip });

everyWay('connections that became ready together do not wait for a handler among them', async (way) => {
  const clients = [];
  const server = await way.serve((req, res) => {
    const name = req.url.slice(1);
    if (name === '0') runLoopUntil(() => clients.slice(1).every((client) => bodies(client.text)[0] === client.body));
    echo(req, res, '');
  });
  for (let n = 0; n < 8; n++) clients.push(Object.assign(await way.connect(server), { body: `body ${n}` }));
  await pass(20);
  clients.forEach((client, n) => client.write(post(`/${n}`, client.body)));
  return Promise.all(clients.map((client) => answered(client)));
}, { expected: Array.from({ length: 8 }, (_, n) => [`body ${n}`]), skip });

everyWay('loops in loops come to an end, each with its own request', async (way) => {
  const clients = [];
  const server = await way.serve((req, res) => {
    const n = Number(req.url.slice(1));
    if (n < 4) {
      clients[n + 1].write(post(`/${n + 1}`, `body ${n + 1}`));
      runLoopUntil(() => bodies(clients[n + 1].text)[0] === `body ${n + 1}`);
    }
    echo(req, res);
  });
  for (let n = 0; n < 5; n++) clients.push(await way.connect(server));
  clients[0].write(post('/0', 'body 0'));
  return Promise.all(clients.map((client) => answered(client)));
}, { expected: Array.from({ length: 5 }, (_, n) => [`body ${n}`]), skip });

everyWay('a \'data\' listener that runs the loop gets the rest of its own body', async (way) => {
  const clients = [];
  const large = Buffer.alloc(300_000, 'abcdefghij').toString();
  const server = await way.serve((req, res) => {
    echo(req, res);
    if (req.url !== '/large') return;
    req.once('data', () => {
      for (let n = 1; n < 4; n++) clients[n].write(post('/small', `small ${n}`));
      runLoopUntil(() => clients.slice(1).every((client) => client.text.includes('small')));
    });
  });
  for (let n = 0; n < 4; n++) clients.push(await way.connect(server));
  clients[0].write(post('/large', large));
  const [[body], ...others] = await Promise.all(clients.map((client) => answered(client)));
  return [body === large, others];
}, { expected: [true, [['small 1'], ['small 2'], ['small 3']]], skip });

everyWay('a chunked body that came whole is not mixed with what comes in a loop between its pieces', async (way) => {
  const clients = [];
  const server = await way.serve((req, res) => {
    req.once('data', () => {
      if (req.url !== '/chunked') return;
      clients[1].write(post('/other', 'THEIRS'.repeat(20)));
      runLoopUntil(() => clients[1].text.includes('THEIRS'));
    });
    echo(req, res);
  });
  for (let n = 0; n < 2; n++) clients.push(await way.connect(server));
  clients[0].write('POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n');
  return [await answered(clients[0]), await answered(clients[1])];
}, { expected: [['abcdef'], ['THEIRS'.repeat(20)]], skip });

everyWay('the answer before a handler that runs the loop is sent before it does', async (way) => {
  const peer = {};
  const server = await way.serve((req, res) => {
    if (req.url === '/2') runLoopUntil(() => bodies(peer.client.text)[0] === '/1');
    res.setHeader('Content-Length', 2);
    res.end(req.url);
  });
  peer.client = await way.connect(server);
  peer.client.write(get('/1') + get('/2') + get('/3'));
  return answered(peer.client, 3);
}, { expected: ['/1', '/2', '/3'], skip });

everyWay('a timer can wait for further requests of a connection', async (way) => {
  const peer = {};
  const seen = [];
  const server = await way.serve((req, res) => {
    seen.push(req.url);
    if (req.url === '/1') {
      setTimeout(() => {
        peer.client.write(get('/2'));
        runLoopUntil(() => seen.includes('/2'));
        res.setHeader('Content-Length', 2);
        res.end(req.url);
      }, 10);
      return;
    }
    res.setHeader('Content-Length', 2);
    res.end(req.url);
  });
  peer.client = await way.connect(server);
  peer.client.write(get('/1'));
  return answered(peer.client, 2);
}, { expected: ['/1', '/2'], skip });

// node's own parser is in the middle of a message then.
everyWay('what comes for a message whose handler runs the loop is delivered after what came before', async (way) => {
  const peer = {};
  const server = await way.serve((req, res) => {
    const pieces = [];
    req.on('data', (piece) => pieces.push(piece));
    req.on('end', () => {
      const body = Buffer.concat(pieces).toString();
      res.setHeader('Content-Length', body.length);
      res.end(body);
    });
    // The end may come in the loop too.
    peer.client.write('456');
    runLoopUntil(() => Buffer.concat(pieces).toString() === '123456');
  });
  peer.client = await way.connect(server);
  peer.client.write('POST /waits HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n123');
  return answered(peer.client);
}, { on: ['stream', 'native', 'offload'], expected: ['123456'], skip });

// The parser waits for the handler to decide whether the protocol changes.
everyWay('what comes while the parser waits for a handler is read when that has answered', async (way) => {
  const peer = {};
  const server = await way.serve((req, res) => {
    if (req.url === '/waits') {
      peer.client.write('45');
      const end = Date.now() + 100;
      runLoopUntil(() => Date.now() > end);
    }
    echo(req, res, req.url);
  });
  peer.client = await way.connect(server);
  peer.client.write('POST /waits HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: none\r\nContent-Length: 5\r\n\r\n123');
  return answered(peer.client);
}, { on: ['stream', 'native', 'offload'], expected: ['/waits12345'], skip });

// node's server has a connection without a socket afterwards.
everyWay('a handler that runs the loop sees the end of its own connection', async (way) => {
  let closed = false;
  const peer = {};
  const server = await way.serve((req, res) => {
    res.on('close', () => { closed = true; });
    peer.client.destroy();
    runLoopUntil(() => closed);
  });
  peer.client = await way.connect(server);
  peer.client.write(get('/'));
  await until(() => closed);
  return closed;
}, { on: ['stream', 'native', 'offload'], expected: true, skip });

everyWay('an exception in such a loop ends the handler of the loop, and no other', async (way) => {
  const clients = [];
  const server = await way.serve((req, res) => {
    if (req.url === '/throws') throw new Error('on purpose');
    if (req.url === '/waits') {
      clients[1].write(get('/throws'));
      clients[2].write(post('/fine', 'theirs'));
      runLoopUntil(() => clients[2].text.includes('theirs'));
    }
    echo(req, res);
  });
  for (let n = 0; n < 3; n++) clients.push(await way.connect(server));
  const caught = [];
  const former = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => caught.push(error.message));
  clients[0].write(post('/waits', 'mine'));
  const all = [await answered(clients[0]), await answered(clients[2])];
  process.removeAllListeners('uncaughtException');
  former.forEach((each) => process.on('uncaughtException', each));
  return [all, caught];
}, { expected: [[['mine'], ['theirs']], ['on purpose']], skip });

everyWay('a listener of an answer that runs the loop gets the whole of its own answer', async (way) => {
  const server = await way.serve((req, res) => echo(req, res, req.url.repeat(50)));
  const agent = new way.http.Agent({ keepAlive: true, ...(way.name === 'stream' && { transport: 'stream' }) });
  const texts = {};
  const ask = (path, listener) => {
    const request = way.http.request({ port: server.address().port, host: '127.0.0.1', path, method: 'POST', agent }, (answer) => {
      let text = '';
      listener?.();
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => { texts[path] = text; });
    });
    request.end('x');
  };
  // The core reads a connection of an agent from its second request on.
  ask('/a');
  ask('/b');
  await until(() => texts['/a'] && texts['/b']);
  ask('/c', () => {
    ask('/d');
    runLoopUntil(() => texts['/d']);
  });
  await until(() => texts['/c']);
  agent.destroy();
  return [texts['/c'], texts['/d']];
}, { expected: [`${'/c'.repeat(50)}x`, `${'/d'.repeat(50)}x`], skip });

// A turn of one transport in a handler of another: they share the thread.
test('servers of different transports serve in the loops of each other', { skip }, async () => {
  const names = ['stream', 'native', 'offload'];
  const servers = {};
  const ask = async (name, path, body) => {
    const client = net.connect(servers[name].address().port, '127.0.0.1');
    let text = '';
    client.on('data', (piece) => { text += piece; });
    client.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await once(client, 'close');
    return text.split('\r\n\r\n')[1];
  };
  for (const name of names) {
    servers[name] = ours.createServer({ transport: name }, (req, res) => {
      const other = req.url.slice(1);
      let inner = '';
      if (other !== '') {
        inner = undefined;
        ask(other, '/', `inner of ${name}`).then((text) => { inner = text; });
        runLoopUntil(() => inner !== undefined);
      }
      echo(req, res, inner);
    }).listen(0, '127.0.0.1');
    await once(servers[name], 'listening');
  }
  for (const outer of names) {
    for (const inner of names) assert.strictEqual(await ask(outer, `/${inner}`, ', outer'), `inner of ${outer}, outer`, `${inner} in ${outer}`);
  }
  for (const name of names) servers[name].close();
});
