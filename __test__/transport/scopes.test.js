'use strict';
// The async scope in which a program is notified of a connection and its messages: ids, the resource, stores.

const { AsyncLocalStorage, executionAsyncId, executionAsyncResource, triggerAsyncId } = require('node:async_hooks');
const { everyWay, get, until } = require('./ways');

const POST = 'POST /post HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n';
const UPGRADE = 'GET /upgrade HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: it\r\n\r\n';

/** @returns {object} what the built-in shows of the scope, as text that is the same in each run */
function scopeOf(socket, known) {
  const resource = executionAsyncResource();
  const id = executionAsyncId();
  if (!known.includes(id)) known.push(id);
  return {
    scope: known.indexOf(id),
    type: resource?.type,
    name: resource?.constructor?.name,
    keys: Object.keys(resource ?? {}),
    isOfSocket: resource?.socket === socket,
    isTriggeredBySocket: triggerAsyncId() === socket._handle.getAsyncId(),
  };
}

everyWay('each request of a connection is in the one scope of it, whose resource and trigger are node\'s', async (way) => {
  const seen = [];
  const known = [];
  const server = await way.serve((req, res) => {
    seen.push([req.url, scopeOf(req.socket, known)]);
    res.end();
  });
  const [first, second] = [await way.connect(server), await way.connect(server)];
  for (const [client, path] of [[first, '/1'], [second, '/2'], [first, '/3'], [second, '/4']]) {
    client.write(get(path));
    await until(() => seen.at(-1)?.[0] === path);
  }
  first.write(get('/5') + get('/6') + get('/7'));
  await until(() => seen.at(-1)[0] === '/7');
  return seen;
});

everyWay('the pieces of a body are in the scope of their connection', async (way) => {
  const seen = [];
  const known = [];
  const server = await way.serve((req, res) => {
    seen.push(['request', scopeOf(req.socket, known)]);
    req.on('data', (data) => { seen.push([`data ${data}`, scopeOf(req.socket, known)]); });
    req.on('end', () => { res.end(); });
  });
  const client = await way.connect(server);
  client.write(`${POST}1`);
  await until(() => seen.length === 2);
  client.write('2');
  await until(() => seen.length === 3);
  client.write(`34${POST}5678`);
  await until(() => seen.length === 6);
  return seen;
});

everyWay('a connection has the stores in which its server began to listen', async (way) => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const note = (what) => { seen.push([what, storage.getStore()]); };
  for (const store of ['one', undefined, 'two']) {
    const server = storage.run(store, () => way.create((req, res) => {
      note(`${store}: request`);
      req.on('end', () => note(`${store}: end of the request`)).resume();
      res.end();
    }));
    server.on('connection', (socket) => {
      note(`${store}: connection`);
      socket.on('end', () => note(`${store}: end of the socket`));
    });
    server.on('upgrade', (req, socket) => {
      note(`${store}: upgrade`);
      socket.destroy();
    });
    server.on('clientError', (error, socket) => {
      note(`${store}: clientError`);
      socket.destroy();
    });
    await new Promise((resolve) => { storage.run(store, () => server.listen(0, '127.0.0.1', resolve)); });
    const ending = await way.connect(server);
    ending.end(get('/'));
    await until(() => ending.ended);
    for (const text of [UPGRADE, 'nothing of HTTP\r\n\r\n']) {
      const client = await way.connect(server);
      client.write(text);
      await until(() => client.closed_ || client.ended);
    }
  }
  return seen;
});

everyWay('a store that a handler enters does not hold where its connection is upgraded, or fails', async (way) => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const server = await way.serve((req, res) => {
    storage.enterWith(req.url);
    res.end();
  });
  server.on('upgrade', (req, socket) => {
    seen.push([req.url, storage.getStore()]);
    socket.destroy();
  });
  server.on('clientError', (error, socket) => {
    seen.push([error.code, storage.getStore()]);
    socket.destroy();
  });
  for (const text of [get('/a') + UPGRADE, `${get('/b')}nothing of HTTP\r\n\r\n`]) {
    const client = await way.connect(server);
    client.write(text);
    await until(() => client.closed_ || client.ended);
  }
  return seen;
});
