'use strict';

const { refusesBodyWrites } = require('../../lib/compat/node-features');
const { kCorked, kRejectNonStandardBodyWrites, kUniqueHeaders } = require('../../lib/compat/symbols');

/** What users do with an outgoing message, one function per sentence; see trace.js for the tools. */

module.exports = {
  async 'end with text before a socket is there, then get one'(m, t) {
    m.end('hello', t.callback('end'));
    t.step('ended');
    t.socket();
    m._flush();
    t.step('flushed');
    m.socket.done();
    await t.settle();
  },
  async 'end with text on a socket'(m, t) {
    const s = t.socket();
    t.attempt(() => m.end('hello', t.callback('end')) === m);
    t.step('ended');
    s.done();
    await t.settle();
  },
  async 'end with non-latin text'(m, t) {
    const s = t.socket();
    m.end('h\u00e9llo \u20ac');
    t.step('ended');
    s.done();
  },
  async 'end with text in another encoding'(m, t) {
    const s = t.socket();
    m.end('68656c6c6f', 'hex');
    s.done();
  },
  async 'end with latin1 text'(m, t) {
    const s = t.socket();
    m.end('h\u00e9', 'latin1');
    s.done();
  },
  async 'end with bytes'(m, t) {
    const s = t.socket();
    m.end(Buffer.from('bytes'), t.callback('end'));
    t.step('ended');
    s.done();
  },
  async 'end with nothing'(m, t) {
    const s = t.socket();
    m.end();
    t.step('ended');
    s.done();
  },
  async 'end with an empty text'(m, t) {
    const s = t.socket();
    m.end('');
    s.done();
  },
  async 'end with empty bytes'(m, t) {
    const s = t.socket();
    m.end(Buffer.alloc(0));
    s.done();
  },
  async 'end with a callback only'(m, t) {
    const s = t.socket();
    m.end(t.callback('end'));
    s.done();
  },
  async 'end with a known length'(m, t) {
    m.setHeader('Content-Length', 5);
    const s = t.socket();
    m.end('hello');
    t.step('ended');
    s.done();
  },
  async 'end twice'(m, t) {
    const s = t.socket();
    m.end('a');
    m.end('b', t.callback('second'));
    m.end(t.callback('third'));
    await t.settle();
    s.done();
    await t.settle();
    m.end(t.callback('fourth'));
    m.end();
  },
  async 'write then end'(m, t) {
    const s = t.socket();
    t.attempt(() => m.write('abc', t.callback('write')));
    t.step('written');
    t.attempt(() => m.write('d'));
    await t.settle();
    t.step('a turn later');
    t.attempt(() => m.write(Buffer.from('efg')));
    m.end('tail');
    t.step('ended');
    s.done();
    await t.settle();
  },
  async 'write with a known length then end'(m, t) {
    m.setHeader('Content-Length', 6);
    const s = t.socket();
    t.attempt(() => m.write('abc', 'utf8', t.callback('write')));
    t.attempt(() => m.write(Buffer.from('def')));
    await t.settle();
    m.end(t.callback('end'));
    t.step('ended');
    s.done();
  },
  async 'write empty chunks'(m, t) {
    const s = t.socket();
    t.attempt(() => m.write('', t.callback('one')));
    t.step('one');
    t.attempt(() => m.write(Buffer.alloc(0), t.callback('two')));
    t.step('two');
    await t.settle();
    m.end();
    s.done();
  },
  async 'write a chunk of text in other encodings'(m, t) {
    const s = t.socket();
    t.attempt(() => m.write('68656c', 'hex'));
    t.attempt(() => m.write('\u20ac', 'utf8'));
    t.attempt(() => m.write('\u20ac', 'utf16le'));
    t.attempt(() => m.write('\u00e9', 'latin1'));
    t.attempt(() => m.write('\u00e9', 'binary'));
    t.attempt(() => m.write('aGVsbG8=', 'base64'));
    t.attempt(() => m.write(new Uint8Array([104, 105])));
    await t.settle();
    m.end();
    s.done();
  },
  async 'write before a socket is there'(m, t) {
    t.attempt(() => m.write('abc', t.callback('write')));
    t.step('one');
    t.attempt(() => m.write(Buffer.from('def')));
    t.step('two');
    await t.settle();
    const s = t.socket();
    m._flush();
    t.step('flushed');
    s.done();
    m.write('ghi');
    await t.settle();
    m.end();
    s.done();
  },
  async 'write past the mark before a socket is there'(m, t) {
    t.attempt(() => m.write('x'.repeat(20)));
    t.attempt(() => m.write('y'.repeat(20)));
    t.step('written');
    const s = t.socket();
    m._flush();
    t.step('flushed');
    s.done();
    await t.settle();
  },
  async 'write to a socket that is full'(m, t) {
    const s = t.socket({ answer: false });
    t.attempt(() => m.write('abc'));
    t.step('written');
    await t.settle();
    t.step('later');
    m.end('x');
    s.done();
  },
  async 'cork around writes'(m, t) {
    const s = t.socket();
    m.cork();
    t.step('corked');
    m.write('a');
    m.write('b');
    t.step('written');
    m.cork();
    m.uncork();
    t.step('once');
    m.uncork();
    t.step('uncorked');
    await t.settle();
    m.end();
    s.done();
  },
  async 'cork before a socket is there'(m, t) {
    m.cork();
    m.write('a');
    t.step('written');
    m.end('b');
    t.step('ended');
    const s = t.socket();
    m._flush();
    s.done();
    t.step('flushed');
  },
  async 'end while corked'(m, t) {
    const s = t.socket();
    m.cork();
    m.cork();
    m.write('a');
    m.end('b');
    t.step('ended');
    s.done();
  },
  async 'flush the head first'(m, t) {
    const s = t.socket();
    m.flushHeaders();
    t.step('flushed');
    m.flushHeaders();
    m.write('abc');
    await t.settle();
    m.end();
    s.done();
  },
  async 'flush the head before a socket is there'(m, t) {
    m.flushHeaders();
    t.step('flushed');
    m.end('x');
    t.step('ended');
    const s = t.socket();
    m._flush();
    s.done();
  },
  async 'trailers after a chunked body'(m, t) {
    m.setHeader('Trailer', 'X-Sum');
    const s = t.socket();
    m.write('abc');
    m.addTrailers({ 'X-Sum': '1' });
    t.step('announced');
    m.addTrailers([['X-Sum', '2'], ['X-Other', '3']]);
    t.step('replaced');
    m.end();
    t.step('ended');
    s.done();
  },
  async 'bad trailers'(m, t) {
    t.attempt(() => m.addTrailers({ 'a b': '1' }));
    t.attempt(() => m.addTrailers({ a: '\u1234' }));
    t.attempt(() => m.addTrailers());
    t.attempt(() => m.addTrailers({ a: ['1', '2'], b: 3 }));
    t.step('done');
  },
  async 'trailers announced without chunks'(m, t) {
    m.setHeader('Trailer', 'X-Sum');
    m.setHeader('Content-Length', 3);
    t.socket();
    t.attempt(() => m.end('abc'));
    t.step('done');
  },
  async 'trailers when the length is not known before the end'(m, t) {
    m.setHeader('Trailer', 'X-Sum');
    m.addTrailers({ 'X-Sum': '1' });
    const s = t.socket();
    t.attempt(() => m.end('abc'));
    t.step('done');
    s.done();
  },
  async 'a strict length that is kept'(m, t) {
    m.strictContentLength = true;
    m.setHeader('Content-Length', 6);
    const s = t.socket();
    t.attempt(() => m.write('abc'));
    t.attempt(() => m.end('def'));
    s.done();
  },
  async 'a strict length that is passed by a write'(m, t) {
    m.strictContentLength = true;
    m.setHeader('Content-Length', 2);
    t.socket();
    t.attempt(() => m.write('abc'));
    t.step('done');
  },
  async 'a strict length that is passed by a second write'(m, t) {
    m.strictContentLength = true;
    m.setHeader('Content-Length', 4);
    t.socket();
    t.attempt(() => m.write('abc'));
    t.attempt(() => m.write('de'));
    t.attempt(() => m.write('d'));
    t.step('done');
  },
  async 'a strict length that is not reached'(m, t) {
    m.strictContentLength = true;
    m.setHeader('Content-Length', 4);
    t.socket();
    t.attempt(() => m.end('abc'));
    t.step('done');
  },
  async 'a strict length that is not reached by an empty end'(m, t) {
    m.strictContentLength = true;
    m.setHeader('Content-Length', 4);
    t.socket();
    t.attempt(() => m.end());
    t.step('done');
  },
  async 'a strict length without any length'(m, t) {
    m.strictContentLength = true;
    const s = t.socket();
    t.attempt(() => m.write('abc'));
    t.attempt(() => m.end('abc'));
    s.done();
  },
  async 'destroy without a socket'(m, t) {
    t.attempt(() => m.destroy() === m);
    t.step('destroyed');
    t.attempt(() => m.write('a', t.callback('write')));
    await t.settle();
    t.attempt(() => m.end('b', t.callback('end')));
    await t.settle();
    t.attempt(() => m.destroy(new Error('again')) === m);
    t.step('again');
    m.emit('socket', t.fake());
  },
  async 'destroy with an error without a socket'(m, t) {
    m.destroy(new Error('why'));
    t.step('destroyed');
    m.emit('socket', t.fake());
  },
  async 'destroy with a socket'(m, t) {
    t.socket();
    m.destroy(new Error('why'));
    t.step('destroyed');
    t.attempt(() => m.write('a', t.callback('write')));
    await t.settle();
    t.attempt(() => m.end('a', t.callback('end')));
  },
  async 'write to a destroyed socket'(m, t) {
    const s = t.socket();
    s.destroyed = true;
    t.attempt(() => m.write('a', t.callback('write')));
    t.step('written');
    t.attempt(() => m.end('b'));
    t.step('ended');
  },
  async 'write to a socket that is no longer writable'(m, t) {
    const s = t.socket();
    s.writable = false;
    t.attempt(() => m.write('a', t.callback('write')));
    t.step('written');
    t.attempt(() => m.end('b'));
    t.step('ended');
  },
  async 'write to a socket that serves another message'(m, t) {
    const s = t.socket();
    s._httpMessage = {};
    t.attempt(() => m.write('a', t.callback('write')));
    t.step('written');
    t.attempt(() => m.end('b'));
    t.step('ended');
    s._httpMessage = m;
    m._flush();
    s.done();
  },
  async 'bad chunks'(m, t) {
    t.socket();
    for (const chunk of [undefined, null, 1, true, {}, [], Symbol('x')]) {
      t.attempt(() => m.write(chunk));
      t.attempt(() => m.write(chunk, t.callback('write')));
    }
    for (const chunk of [1, true, {}, []]) t.attempt(() => m.end(chunk));
    t.step('done');
  },
  async 'end with null'(m, t) {
    const s = t.socket();
    t.attempt(() => m.end(null, t.callback('end')));
    s.done();
  },
  async 'end with undefined and a callback'(m, t) {
    const s = t.socket();
    t.attempt(() => m.end(undefined, undefined, t.callback('end')));
    s.done();
  },
  async 'a body where none may be'(m, t) {
    m._hasBody = false;
    const s = t.socket();
    t.attempt(() => m.write('abc', t.callback('write')));
    t.step('written');
    t.attempt(() => m.end('def', t.callback('end')));
    t.step('ended');
    s.done();
  },
  async 'time out before and after the socket'(m, t) {
    t.attempt(() => m.setTimeout(5, t.callback('timeout')) === m);
    m.emit('socket', t.fake());
    t.socket();
    t.attempt(() => m.setTimeout(6) === m);
    m.emit('timeout');
  },
  async 'call pipe'(m, t) {
    t.attempt(() => m.pipe(m));
  },
  async 'pieces that a subclass uses'(m, t) {
    t.attempt(() => m._send('early', 'latin1', t.callback('send')));
    m._header = 'HEAD\r\n\r\n';
    t.attempt(() => m._send('first', 'latin1', t.callback('send')));
    t.attempt(() => m._send('second', 'utf8', t.callback('send')));
    t.attempt(() => m._send(Buffer.from('third'), t.callback('send')));
    t.step('queued');
    const s = t.socket();
    t.attempt(() => m._flush());
    t.attempt(() => m._writeRaw('raw', 'latin1', t.callback('raw')));
    t.attempt(() => m._writeRaw('raw', t.callback('raw')));
    t.attempt(() => m._writeRaw(Buffer.from('raw')));
    s.done();
    t.attempt(() => m._flushOutput(s));
    t.attempt(() => m._finish());
    t.step('done');
  },
  async 'send bytes first'(m, t) {
    m._header = 'HEAD\r\n\r\n';
    const s = t.socket();
    t.attempt(() => m._send(Buffer.from('b'), undefined, t.callback('send')));
    s.done();
  },
  async 'send text in an encoding the head cannot share'(m, t) {
    m._header = 'HEAD\r\n\r\n';
    const s = t.socket();
    t.attempt(() => m._send('6162', 'hex', t.callback('send')));
    s.done();
  },
  async 'drain with the queue that waited for a socket'(m, t) {
    m.on('drain', t.callback('drain'));
    while (m.write('x'.repeat(9)));
    t.step('full');
    const s = t.socket();
    t.attempt(() => m._flush());
    t.step('flushed');
    s.done();
    m.end();
  },
  async 'finish with a socket that failed'(m, t) {
    const s = t.socket();
    m.end('x', t.callback('end'));
    s.done(new Error('broken'));
    await t.settle();
  },
  async 'a write that fails'(m, t) {
    const s = t.socket();
    m.write('x', t.callback('write'));
    await t.settle();
    s.done(new Error('broken'));
    m.end('y', t.callback('end'));
    s.done();
    await t.settle();
  },
  async 'a strict length that an end after the head does not reach'(m, t) {
    m.strictContentLength = true;
    m.setHeader('content-length', 2);
    m._implicitHeader();
    t.socket();
    t.attempt(() => m.end('a'));
    t.step('x');
  },
  async 'a strict length kept by a write and an end after the head'(m, t) {
    m.strictContentLength = true;
    m.setHeader('content-length', 2);
    m._implicitHeader();
    t.socket();
    t.attempt(() => m.write('a'));
    t.attempt(() => m.end('b'));
    t.step('x');
  },
  async 'a strict length without its header'(m, t) {
    m.strictContentLength = true;
    m.removeHeader('content-length');
    m._contentLength = 2;
    m._implicitHeader();
    t.socket();
    t.attempt(() => m.write('aaa'));
    t.attempt(() => m.end('b'));
    t.step('x');
  },
  async 'a strict length where no body may be'(m, t) {
    m.strictContentLength = true;
    m.setHeader('content-length', 2);
    m._hasBody = false;
    m._implicitHeader();
    t.socket();
    t.attempt(() => m.write('aaa'));
    t.attempt(() => m.end('b'));
    t.step('x');
  },
  async 'a strict length and empty chunks after the head'(m, t) {
    m.strictContentLength = true;
    m.setHeader('content-length', 2);
    m._implicitHeader();
    t.socket();
    t.attempt(() => m.write(''));
    t.attempt(() => m.end(''));
    t.step('x');
  },
  async 'end with many-byte text before a socket is there'(m, t) {
    m.end('h\u00e9llo \u20ac');
    t.step('x');
  },
  async 'write many-byte text before a socket is there'(m, t) {
    m.write('h\u00e9llo \u20ac');
    t.step('x');
  },
  async 'write text of a known length in several encodings'(m, t) {
    m.setHeader('content-length', 10);
    m.write('h\u00e9llo \u20ac');
    t.step('x');
    m.write('h\u00e9llo \u20ac', 'latin1');
    m.write('abcd', 'hex');
    t.step('y');
  },
  async 'the encodings that join a head'(m, t) {
    for (const e of ['utf-8', 'UTF-8', 'ascii', 'binary', 'buffer', 'LATIN1', 'UTF8', 'ucs2', 'nope', 5]) {
      m._header = 'H';
      m._headerSent = false;
      t.attempt(() => m._send('a', e));
      m.outputData.length = 0;
      m.outputSize = 0;
    }
  },
  async 'end on a socket that had an error'(m, t) {
    const s = t.socket();
    m.end('x', t.callback('end'));
    s._hadError = true;
    s.done();
  },
  async 'the corks of the socket after the end'(m, t) {
    const s = t.socket();
    m.cork();
    m.cork();
    m.end('x');
    t.log('state ' + s._writableState.corked);
  },
  async 'corks that wait for the socket'(m, t) {
    m.cork();
    m.cork();
    m.write('x');
    t.socket();
    t.step('s');
    m._flush();
    t.step('flushed');
    m.uncork();
    t.log(m[kCorked]);
  },
  async 'corks and nothing else wait for the socket'(m, t) {
    m.cork();
    t.socket();
    m._flush();
    t.step('flushed');
  },
  async 'write after the end'(m, t) {
    m.end();
    t.attempt(() => m.write('x'));
    t.attempt(() => m.write(''));
    t.attempt(() => m.write(null));
    t.attempt(() => m.end(''));
    t.attempt(() => m.end(Buffer.alloc(0)));
    await t.settle();
  },
  async 'write after the end of what was destroyed'(m, t) {
    m.end();
    m.destroy();
    t.attempt(() => m.write('x', t.callback('w')));
    t.attempt(() => m.end('x', t.callback('e')));
  },
  async 'a body that is refused where none may be'(m, t) {
    m._hasBody = false;
    if (refusesBodyWrites) m[kRejectNonStandardBodyWrites] = true;
    t.attempt(() => m.write('x'));
    t.attempt(() => m.end('x'));
    t.attempt(() => m.end(''));
  },
  async 'a strict length beside chunks'(m, t) {
    m.strictContentLength = true;
    m.setHeader('content-length', 2);
    m.setHeader('transfer-encoding', 'chunked');
    t.attempt(() => m.end('abc'));
  },
  async 'a strict length without a body'(m, t) {
    m.strictContentLength = true;
    m.setHeader('content-length', 2);
    m._hasBody = false;
    t.attempt(() => m.end());
  },
  async 'a strict length that was removed'(m, t) {
    m.strictContentLength = true;
    m.removeHeader('content-length');
    t.attempt(() => m.end('x'));
  },
  async 'a strict length of nothing'(m, t) {
    m.strictContentLength = true;
    t.attempt(() => m.end());
  },
  async 'a strict length that is passed after the head'(m, t) {
    m.strictContentLength = true;
    m.setHeader('content-length', 2);
    m._implicitHeader();
    t.attempt(() => m.write('abc'));
    t.attempt(() => m.end('abc'));
  },
  async 'end with a null encoding and a callback'(m, t) {
    const s = t.socket();
    m.end('x', null, t.callback('e'));
    s.done();
  },
  async 'encodings that are none'(m, t) {
    const s = t.socket();
    t.attempt(() => m.write('x', 5));
    t.attempt(() => m.write('x', 'nope'));
    t.attempt(() => m.write('x', {}));
    s.done();
  },
  async 'two callbacks for one write'(m, t) {
    const s = t.socket();
    m.write('x', t.callback('a'), t.callback('b'));
    s.done();
  },
  async 'empty lists of values'(m, t) {
    m[kUniqueHeaders] = new Set(['x-a']);
    m.setHeader('X-A', []);
    m.setHeader('Y', []);
    m.setHeader('Cookie', []);
    m.end();
    t.step('x');
  },
  async 'end without any head'(m, t) {
    m._implicitHeader = function(){};
    t.socket();
    t.attempt(() => m.end('x'));
    t.step('x');
  },
  async 'write without any head'(m, t) {
    m._implicitHeader = function(){};
    t.socket();
    t.attempt(() => m.write('x'));
    t.attempt(() => m.write('y'));
    t.attempt(() => m.end());
    t.step('x');
  },
  async 'the need to drain'(m, t) {
    const s = t.socket({answer:false});
    m.setHeader('content-length', 5);
    m.write('x');
    t.step('a');
    s.answer = true;
    m._flush();
    t.step('flush');
    m.destroy();
    t.step('d');
  },
  async 'end what is queued once there is a socket'(m, t) {
    m.write('x');
    t.socket();
    m.end('y');
    t.step('e');
  },
  async 'end after a queued head'(m, t) {
    m.flushHeaders();
    m._hasBody;
    t.socket();
    m.end();
  },
  async 'end after a queued body of known length'(m, t) {
    m.setHeader('content-length', 1);
    m.write('x');
    m.end();
    t.step('e');
  },
};
