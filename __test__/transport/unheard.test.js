'use strict';
// Bodies that flow without a listener: late listeners must not miss what is skipped for them.

const { EventEmitter } = require('node:events');
const { everyWay, pass, until } = require('./ways');

const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
const chunks = (from, to) => Array.from({ length: to - from }, (_, n) => `1\r\n${String.fromCharCode(97 + from + n)}\r\n`).join('');

// Sends the letters a to j in pieces of three; `handle` gets the request, and returns the functions to call after each
// piece.
async function letters(way, handle) {
  let steps;
  const server = await way.serve((req, res) => {
    steps = handle(req);
    req.on('end', () => { res.end(); });
  });
  const client = await way.connect(server);
  client.write(HEAD);
  await until(() => steps !== undefined);
  for (let n = 0; n < 4; n++) {
    client.write(chunks(3 * n, Math.min(10, 3 * n + 3)));
    await pass(40);
    steps[n]?.();
  }
  client.write('0\r\n\r\n');
  await until(() => client.text !== '');
}

everyWay('a listener that is added late to a flowing body gets the rest', async (way) => {
  let text = '';
  const states = [];
  await letters(way, (req) => {
    req.resume();
    states.push(req.readableDidRead);
    const state = () => { states.push(req.readableDidRead, req.readableLength, req.readableFlowing); };
    return [state, state, () => {
      state();
      req.on('data', (piece) => { text += piece; });
    }];
  });
  return [text, states];
}, { expected: ['j', [false, true, 0, true, true, 0, true, true, 0, true]] });

everyWay('a paused body keeps what comes, and delivers it when it flows again', async (way) => {
  let text = '';
  await letters(way, (req) => {
    req.resume();
    return [() => { req.pause(); }, undefined, () => {
      req.on('data', (piece) => { text += piece; });
      req.resume();
    }];
  });
  return text;
}, { expected: 'defghij' });

everyWay('a program that replaces emit() or push() of a message sees every piece', async (way) => {
  const seen = [];
  for (const name of ['emit', 'push']) {
    let text = '';
    await letters(way, (req) => {
      req.resume();
      return [() => {
        const before = req[name];
        req[name] = function (...args) {
          if (name === 'push' && args[0] !== null) text += args[0];
          if (name === 'emit' && args[0] === 'data') text += args[1];
          return before.apply(this, args);
        };
      }];
    });
    seen.push(text);
  }
  return seen;
}, { expected: ['defghij', 'defghij'] });

everyWay('a body without listeners ends like any other, also by an iterator that comes late', async (way) => {
  let text = '';
  let closed = false;
  const over = new EventEmitter();
  await letters(way, (req) => {
    req.resume();
    req.on('close', () => { closed = true; });
    return [undefined, async () => {
      for await (const piece of req) text += piece;
      over.emit('end');
    }];
  });
  await until(() => closed);
  return text;
}, { expected: 'ghij' });
