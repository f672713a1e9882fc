'use strict';
// The programs that process.test.js starts as processes or threads.   node program.js NAME WAY

const cluster = require('node:cluster');
const { fork } = require('node:child_process');
const { isMainThread, parentPort } = require('node:worker_threads');

const [name, way] = process.argv.slice(2);
const http = way === 'node' ? require('node:http') : require('../../lib');
const options = way === 'node' ? {} : { transport: way };

function listen(server) {
  server.listen(0, '127.0.0.1', () => {
    const message = { port: server.address().port };
    if (isMainThread) process.send(message);
    else parentPort.postMessage(message);
  });
  return server;
}

const programs = {
  exit() {
    listen(http.createServer(options, (req, res) => {
      res.end(req.url);
      if (req.url === '/3') process.exit(7);
    }));
  },

  unref() {
    const server = listen(http.createServer(options, (req, res) => {
      req.socket.unref();
      res.end('ok');
      server.unref();
      process.disconnect();
    }));
  },

  paused() {
    const server = listen(http.createServer(options, (req, res) => {
      res.end('ok');
      req.socket.pause();
      server.unref();
      process.disconnect();
    }));
  },

  send() {
    const child = fork(__filename, ['taker', way]);
    const server = listen(http.createServer(options));
    server.on('connection', (socket) => { child.send('socket', socket); });
    process.on('disconnect', () => { process.exit(); });
  },

  taker() {
    process.on('message', (message, socket) => {
      socket.write('taken ');
      socket.on('error', () => {});
      socket.on('data', (data) => { socket.write(data); });
    });
    process.on('disconnect', () => { process.exit(); });
  },

  cluster() {
    if (cluster.isPrimary) {
      cluster.setupPrimary({ args: [name, way] });
      const workers = [cluster.fork(), cluster.fork()];
      let listening = 0;
      cluster.on('listening', (worker, address) => {
        if (++listening === workers.length) process.send({ port: address.port });
      });
      process.on('disconnect', () => { process.exit(); });
    } else {
      http.createServer(options, (req, res) => { res.end(`${req.url} ${process.pid}`); }).listen(0, '127.0.0.1');
    }
  },

  worker() {
    listen(http.createServer(options, (req, res) => {
      res.end(req.url);
      if (req.url === '/exit') process.exit();
    }));
  },
};

programs[name]();
