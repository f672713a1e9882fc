'use strict';
// A body that is refused after its request was answered: the program's events, in their order, and what the peer gets.

const { HTTPParser } = require('node:_http_common');
const { NAMES, everyWay, pass, until } = require('../transport/ways');

const CHUNKED = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
const LENGTH = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n';

/** The start of a body, and how it goes wrong: by bytes, or by its end. */
const BODIES = {
  'the size of a chunk is none': [`${CHUNKED}5\r\nabcde\r\n`, 'zz\r\n'],
  'a chunk is longer than its size': [CHUNKED, '5\r\nabcdeXX\r\n'],
  'the extension of a chunk has no end': [CHUNKED, `5;${'a'.repeat(20_000)}\r\n`],
  'a trailer is no field': [CHUNKED, '0\r\nbad trailer\r\n\r\n'],
  'its length is not reached': [`${LENGTH}abc`, undefined],
  'its last chunk is missing': [`${CHUNKED}3\r\nabc\r\n`, undefined],
  'another request was answered before': [`GET /1 HTTP/1.1\r\nHost: x\r\n\r\n${CHUNKED}`, 'zz\r\n'],
};

const HANDLERS = {
  'at once': (req, res) => res.end('answer'),
  'at once, and listens to it': (req, res) => {
    req.on('data', () => {});
    res.end('answer');
  },
  'at once, and pauses it': (req, res) => {
    req.on('data', () => req.pause());
    res.end('answer');
  },
  'at once, and closes': (req, res) => {
    res.setHeader('Connection', 'close');
    res.end('answer');
  },
  'in part': (req, res) => res.write('answer'),
};

const LISTENERS = {
  'nobody': undefined,
  "a listener of 'clientError' that answers": (error, socket) => socket.end('HTTP/1.1 400 No\r\n\r\n'),
  "a listener of 'clientError' that destroys": (error, socket) => socket.destroy(error),
};

const told = ({ code, message }) => code ?? message;

// Until no byte and no event has come for some turns.
async function quiet(client, events) {
  for (let last, same = 0; same < 5;) {
    await pass(10);
    const now = `${client.text.length} ${client.ended} ${events.length}`;
    same = now === last ? same + 1 : 0;
    last = now;
  }
}

// `later`: the faulty part comes after the answer.
async function exchange(way, handler, listener, [begin, rest], later) {
  const events = [];
  const server = await way.serve((req, res) => {
    for (const name of ['aborted', 'error', 'end', 'close']) req.on(name, (error) => events.push(['req', name, error && told(error)]));
    for (const name of ['finish', 'close']) res.on(name, () => events.push(['res', name]));
    handler(req, res);
  });
  if (listener) {
    server.on('clientError', (error, socket) => {
      events.push([told(error), socket.writable, socket.destroyed, socket._httpMessage?._headerSent]);
      listener(error, socket);
    });
  }
  const client = await way.connect(server);
  client.write(later ? begin : begin + rest);
  if (later) {
    await until(() => /answer(\r\n)?$/.test(client.text));
    await quiet(client, events);
    if (rest === undefined) client.end();
    else client.write(rest);
  }
  await until(() => client.ended);
  await quiet(client, events);
  return [client.text.replaceAll(/Date: [^\r]*/g, ''), [...events]];
}

// Whether the built-in takes all bytes of a body: on 18.12 and 20.9 an extension may be of any length (docs/COMPATIBILITY.md).
function isTakenByNode([begin, rest]) {
  if (rest === undefined) return false;
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  const result = parser.execute(Buffer.from(begin + rest));
  parser.close();
  return !(result instanceof Error);
}

for (const [wrong, body] of Object.entries(BODIES)) {
  const on = isTakenByNode(body) ? NAMES.filter((name) => name !== 'node') : NAMES;
  for (const [handled, handler] of Object.entries(HANDLERS)) {
    everyWay(`a request is answered ${handled}, and ${wrong}`, (way) => Promise.all(
      Object.values(LISTENERS).flatMap((listener) => (body[1] === undefined ? [true] : [true, false]).map((later) => exchange(way, handler, listener, body, later))),
    ), { on });
  }
}
