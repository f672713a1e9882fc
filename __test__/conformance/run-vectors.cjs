'use strict';

// Black-box vectors: raw bytes over real sockets, and what came back.
//   node run-vectors.cjs [MODULE] [VECTORS.json] [OUT.json]     ONLY=regexp filters ids, SPLIT=n sends n bytes per write, GAP=n that many ms apart,
//   PATIENCE=n waits n times as long for an answer
// A server vector is sent to MODULE.createServer; a client vector is a raw server's answer to MODULE.get. Prints how
// many answers match the vector file's records for Node 20; exits 1 if one does not (with SPLIT they are only counted).

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');

const address = '127.0.0.1';
const atOnce = 6;
// A server vector is over if nothing came for firstWaitMs, or for quietMs after the last answer.
const patience = Number(process.env.PATIENCE) || 1;
const firstWaitMs = 150 * patience;
const quietMs = 60 * patience;
const clientWaitMs = 400 * patience;
const splitExtraMs = 2000;
const splitMaxBytes = 4096;
const gapMs = Number(process.env.GAP) || 0;
const urlShown = 80;
const bodyShown = 64;

// Node's own default answers to a clientError.
const errorStatus = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function shortUrl(url) {
  return url.length > urlShown ? `${url.slice(0, urlShown / 2)}…${url.length}` : url;
}

function recordOf(log, socket) {
  if (!log.has(socket.remotePort)) log.set(socket.remotePort, { requests: [], upgrade: false, error: null });
  return log.get(socket.remotePort);
}

function startServer(http, vector) {
  const log = new Map();
  const server = http.createServer({ ...vector.options, insecureHTTPParser: vector.mode !== 'strict' });
  server.on('request', (req, res) => {
    const entry = { method: req.method, url: shortUrl(req.url), v: req.httpVersion, h: req.rawHeaders.length / 2, body: 0, done: false };
    recordOf(log, req.socket).requests.push(entry);
    let start = '';
    req.on('data', (chunk) => {
      entry.body += chunk.length;
      if (start.length < bodyShown) start += chunk.toString('latin1');
    });
    req.on('end', () => {
      entry.done = true;
      if (start) entry.b = start.slice(0, bodyShown);
      res.end('ok');
    });
    req.on('error', () => {});
  });
  server.on('clientError', (error, socket) => {
    recordOf(log, socket).error = error.code;
    if (socket.writable && !socket._httpMessage?._headerSent) {
      socket.write(`HTTP/1.1 ${errorStatus[error.code] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy(error);
  });
  const onUpgrade = (req, socket) => {
    const record = recordOf(log, socket);
    record.upgrade = true;
    record.requests.push({ method: req.method, url: req.url, up: true });
    socket.destroy();
  };
  server.on('upgrade', onUpgrade);
  server.on('connect', onUpgrade);
  return new Promise((resolve) => {
    server.listen(0, address, () => resolve({ server, log, port: server.address().port }));
  });
}

function serverVerdict(record, statuses) {
  if (record.error || statuses.some((status) => status >= 400)) return 'reject';
  if (record.upgrade) return 'upgrade';
  const complete = record.requests.filter((r) => r.done || r.up).length;
  return complete && complete === record.requests.length ? 'accept' : 'incomplete';
}

async function runServerVector(vector, split, { port, log }) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: address, noDelay: true });
    let answer = '';
    let timer;
    let localPort;
    const finish = (how) => {
      clearTimeout(timer);
      const record = log.get(localPort) ?? { requests: [], upgrade: false, error: null };
      log.delete(localPort);
      socket.destroy();
      const status = [...answer.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map((m) => Number(m[1]));
      resolve({ verdict: serverVerdict(record, status), code: record.error, status, requests: record.requests, closed: how === 'close' });
    };
    const wait = (ms, how) => {
      clearTimeout(timer);
      timer = setTimeout(finish, ms, how);
    };
    socket.on('connect', async () => {
      localPort = socket.localPort;
      const bytes = Buffer.from(vector.input, 'latin1');
      wait(firstWaitMs + (split ? splitExtraMs : 0), 'timeout');
      if (split && bytes.length <= splitMaxBytes) {
        for (let i = 0; i < bytes.length && !socket.destroyed; i += split) {
          socket.write(bytes.subarray(i, i + split));
          await (gapMs ? new Promise((later) => { setTimeout(later, gapMs); }) : new Promise(setImmediate));
        }
        wait(firstWaitMs, 'timeout');
      } else {
        socket.write(bytes);
      }
      if (vector.finish) socket.end();
    });
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      wait(quietMs, 'quiet');
    });
    socket.on('error', () => {});
    socket.on('close', () => setTimeout(finish, 5, 'close'));
  });
}

function clientVerdict(seen) {
  if (seen.code && seen.code !== 'ECONNRESET') return 'reject';
  if (seen.up) return 'upgrade';
  if (seen.responses.length && seen.responses.every((r) => r.done)) return 'accept';
  return seen.code ? 'reject' : 'incomplete';
}

async function runClientVector(http, vector) {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        socket.write(Buffer.from(vector.input, 'latin1'));
        setTimeout(() => socket.end(), 40);
      });
    });
    server.listen(0, address, () => {
      const seen = { responses: [], code: null, verdict: 'incomplete' };
      let over = false;
      const finish = () => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        server.close();
        req.destroy();
        seen.verdict = clientVerdict(seen);
        resolve(seen);
      };
      const fail = (error) => {
        seen.code = seen.code || error.code;
        setTimeout(finish, 5);
      };
      const timer = setTimeout(finish, clientWaitMs);
      const options = { port: server.address().port, host: address, agent: false, insecureHTTPParser: vector.mode !== 'strict' };
      const req = http.get(options, (res) => {
        const entry = { status: res.statusCode, h: res.rawHeaders.length / 2, body: 0, done: false };
        seen.responses.push(entry);
        res.on('data', (chunk) => {
          entry.body += chunk.length;
        });
        res.on('end', () => {
          entry.done = true;
          setTimeout(finish, 20);
        });
        res.on('error', fail);
        res.on('aborted', () => setTimeout(finish, 5));
      });
      req.on('upgrade', (res, socket) => {
        seen.up = true;
        socket.destroy();
        finish();
      });
      req.on('error', fail);
      req.on('information', (info) => {
        seen.info = (seen.info || []).concat(info.statusCode);
      });
    });
  });
}

// Takes an http module, vectors, and the bytes per write (0: whole). Returns a promise of what was seen, in the order
// of the vectors.
async function runVectors(http, vectors, split) {
  const servers = new Map();
  const serverFor = (vector) => {
    const key = JSON.stringify([vector.options ?? {}, vector.mode !== 'strict']);
    if (!servers.has(key)) servers.set(key, startServer(http, vector));
    return servers.get(key);
  };
  const results = new Array(vectors.length);
  let next = 0;
  const worker = async () => {
    while (next < vectors.length) {
      const i = next++;
      const vector = vectors[i];
      results[i] = vector.side === 'client' ? await runClientVector(http, vector) : await runServerVector(vector, split, await serverFor(vector));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  for (const started of servers.values()) {
    const { server } = await started;
    server.closeAllConnections?.();
    server.close();
  }
  return results;
}

function readVectors(file, only) {
  const doc = JSON.parse(fs.readFileSync(file, 'utf8'));
  return (Array.isArray(doc) ? doc : doc.vectors).filter((vector) => !only || only.test(vector.id));
}

async function main([module = 'http', file = path.join(__dirname, '../fixtures/vectors-generated.json'), out]) {
  const http = require(module === 'http' ? 'node:http' : path.resolve(module));
  const split = Number(process.env.SPLIT) || 0;
  const vectors = readVectors(file, process.env.ONLY && new RegExp(process.env.ONLY));
  const results = await runVectors(http, vectors, split);
  if (out) fs.writeFileSync(out, JSON.stringify(Object.fromEntries(vectors.map((v, i) => [v.id, results[i]]))));

  const different = vectors.flatMap(({ id, node20 }, i) => {
    const got = results[i];
    if (!node20 || (node20.verdict === got.verdict && (node20.code || null) === (got.code || null))) return [];
    return [`${id}: want ${node20.verdict}/${node20.code} got ${got.verdict}/${got.code}`];
  });
  for (const line of different) console.log(`  ${line}`);
  console.log(`${vectors.length} vectors: as Node 20 ${vectors.length - different.length}, different ${different.length}`);
  process.exit(different.length && !split ? 1 : 0);
}

main(process.argv.slice(2));
