'use strict';
// A server whose handler a debugger stops again and again, while its requests and their connections go on.   node
// paused.js WAY
// Prints how often it was stopped, and the answers.

const net = require('node:net');
const { once } = require('node:events');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');

const [way] = process.argv.slice(2);
/** Duration of a stop in milliseconds. */
const STOP = 5;
const REQUESTS = 10;

// The debugger runs in another thread.
async function debug() {
  const { Session } = require('node:inspector');
  const session = new Session();
  session.connectToMainThread();
  // It also keeps this thread alive.
  const end = once(parentPort, 'message');
  let stops = 0;
  session.on('Debugger.paused', () => {
    stops++;
    setTimeout(() => session.post('Debugger.resume'), STOP);
  });
  await new Promise((resolve) => { session.post('Debugger.enable', resolve); });
  parentPort.postMessage('ready');
  await end;
  // With this thread the session ends, too: to disconnect it ends the process on Node 18.12.
  parentPort.postMessage(stops);
}

async function serve() {
  const worker = new Worker(__filename, { argv: [way] });
  await once(worker, 'message');
  const http = way === 'node' ? require('node:http') : require('../../lib');
  const server = http.createServer(way === 'node' ? {} : { transport: way }, (req, res) => {
    let length = 0;
    // eslint-disable-next-line no-debugger -- it is what is tested
    debugger;
    req.on('data', (data) => {
      // eslint-disable-next-line no-debugger -- it is what is tested
      debugger;
      length += data.length;
    });
    req.on('end', () => res.end(`${req.url} ${length}`));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const texts = await Promise.all(Array.from({ length: 3 }, async (_, n) => {
    const client = net.connect(server.address().port, '127.0.0.1').setEncoding('latin1');
    let text = '';
    client.on('data', (data) => { text += data; });
    for (let each = 0; each < REQUESTS; each++) client.write(`POST /${n}/${each} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc`);
    while (text.split('HTTP/1.1').length <= REQUESTS || !text.endsWith(' 3')) await once(client, 'data');
    client.destroy();
    return [...text.matchAll(/\/\d\/\d \d/g)].join();
  }));
  server.closeAllConnections();
  server.close();
  worker.postMessage('end');
  const [stops] = await once(worker, 'message');
  console.log(JSON.stringify({ stops, texts }));
}

if (isMainThread) serve();
else debug();
