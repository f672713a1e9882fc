'use strict';
/**
 * Questions to the built-in of the running Node where its shape does not tell what it does. They are asked of objects that have no
 * connection: no tick is scheduled, no response made, and no async resource begun but that of a parser. What needs more is asked
 * when it is first needed.
 */

const {
  Buffer, Error, Map, ObjectAssign, ObjectDefineProperty, ObjectGetOwnPropertyDescriptor,
  ObjectGetPrototypeOf, ObjectHasOwn, Proxy, ReflectOwnKeys, URL, process,
} = require('../globals/primordials');
const { channel } = require('diagnostics_channel');
const { parsers } = require('node:_http_common');
const { setupConnectionsTracking, storeHTTPOptions } = require('node:_http_server');
const events = require('events');
const { join } = require('path');
const { Duplex, Readable } = require('stream');
const { debuglog } = require('util');
const builtin = require('./builtin');
const { ownSymbol } = require('./own-symbol');
const { isPublished, quietly } = require('./quiet');
const { doubt } = require('./release');

/** The members of a prototype as they are now: to read all of them is what costs. */
class Members {
  constructor(prototype) {
    this.prototype = prototype;
    this.keys = ReflectOwnKeys(prototype);
    this.descriptors = this.keys.map((key) => ObjectGetOwnPropertyDescriptor(prototype, key));
  }

  // Whether a program has put something in the place of one. To look costs a fifth of what it costs to give a prototype its members.
  areReplaced() {
    return this.keys.some((key, n) => {
      const now = ObjectGetOwnPropertyDescriptor(this.prototype, key);
      return now?.value !== this.descriptors[n].value || now?.get !== this.descriptors[n].get;
    });
  }

  defineOn(prototype) {
    this.keys.forEach((key, n) => ObjectDefineProperty(prototype, key, this.descriptors[n]));
  }
}

// Of classes and those above them, each once.
const membersAtLoad = new Map();
// As long as this is loaded no code of the program runs that could replace any.
let isLoading = true;

function membersOf({ prototype }) {
  if (!membersAtLoad.has(prototype)) membersAtLoad.set(prototype, new Members(prototype));
  return membersAtLoad.get(prototype);
}

/**
 * A class with the methods that it and those above it have now: those which a program puts in their place are not to be called with objects of ours, and
 * would answer for themselves.
 * @param {any} Class
 * @param {...any} above
 * @returns {any} a subclass
 */
function asLoaded(Class, ...above) {
  const kept = [...above, Class].map(membersOf);
  return class Loaded extends Class {
    constructor(...args) {
      if (!isLoading && kept.some((members) => members.areReplaced())) for (const members of kept) members.defineOn(Loaded.prototype);
      super(...args);
    }
  };
}

// What is asked later finds these as they were at load: `register` writes over exports, and programs do.
const { concat } = Buffer;
const { validateHeaderName } = builtin;
const { ServerResponse } = builtin;
const { writeEarlyHints, writeHead } = ServerResponse.prototype;
const { _storeHeader: storeHeader } = builtin.OutgoingMessage.prototype;
const EventEmitter = asLoaded(events);
const Agent = asLoaded(builtin.Agent, events);
const ClientRequest = asLoaded(builtin.ClientRequest, events, builtin.OutgoingMessage);
const IncomingMessage = asLoaded(builtin.IncomingMessage, events, Readable);
const OutgoingMessage = asLoaded(builtin.OutgoingMessage, events);
const Server = asLoaded(builtin.Server, events);
const DEFAULT_AGENT = { protocol: 'http:', defaultPort: 80 };
/** An origin of which no TLS name is to be made: the expressions for addresses take milliseconds to compile. */
const NAMED = { host: '', servername: '' };
const requestCreated = channel('http.client.request.created');
const requestError = channel('http.client.request.error');
const requestStart = channel('http.server.request.start');
/** Whether the built-in prints what it does. To ask for the stream that it prints to opens it. */
const isPrinting = debuglog('http').enabled;

/**
 * Does what the built-in would print with NODE_DEBUG=http, unprinted: it is no message of the program's.
 * @param {function(): T} action
 * @returns {T}
 * @template T
 */
function unprinted(action) {
  if (!isPrinting) return action();
  const { stderr } = process;
  const own = ObjectGetOwnPropertyDescriptor(stderr, 'write');
  ObjectDefineProperty(stderr, 'write', { value: () => true, configurable: true, enumerable: true, writable: true });
  try {
    return action();
  } finally {
    if (own === undefined) delete stderr.write;
    else ObjectDefineProperty(stderr, 'write', own);
  }
}

/**
 * Asks, with ticks counted in place of scheduled.
 * @param {function(Array): T} question gets the arguments of each call
 * @param {T} otherwise the answer where it cannot be asked
 * @returns {T}
 * @template T
 */
function ask(question, otherwise) {
  const ticks = [];
  let isAnswered = true;
  const own = ObjectGetOwnPropertyDescriptor(process, 'nextTick');
  try {
    ObjectDefineProperty(process, 'nextTick', { ...own, value: (...args) => ticks.push(args) });
    return unprinted(() => question(ticks));
  } catch {
    isAnswered = false;
    return otherwise;
  } finally {
    ObjectDefineProperty(process, 'nextTick', own);
    if (!isAnswered) doubt(question.name);
    // What node warns of once (that NODE_DEBUG=http prints secrets), it is to warn of.
    for (const tick of ticks) if (tick[1] instanceof Error && tick[1].name === 'Warning') process.nextTick(.../** @type {[Function]} */ (tick));
  }
}

/** To be called when all that is asked at load was asked. */
function loaded() {
  isLoading = false;
}

/** A socket that an agent can take back from its request. @returns {any} */
function idleSocket() {
  const socket = new EventEmitter();
  for (const name of ['setKeepAlive', 'setTimeout', 'ref', 'unref', 'destroy']) socket[name] = () => {};
  return ObjectAssign(socket, { writable: true, _httpMessage: { shouldKeepAlive: true }, _handle: { onread: null, readStart() {} } });
}

function requestBy(createConnection, args) {
  return quietly([requestCreated], () => new ClientRequest(...args.slice(0, -1), { ...args.at(-1), createConnection, _defaultAgent: DEFAULT_AGENT }));
}

/** A request that is made and nothing else, since it has no connection. */
function requestAlone(...args) {
  return requestBy(() => {}, args);
}

/** @returns {any} the options that a creator of connections sees without an agent */
function optionsAlone(...args) {
  let seen;
  requestBy((options) => { seen = options; }, args);
  return seen;
}

/** A message with a chunked body, whose head has been made. */
function chunkedMessage() {
  return ObjectAssign(new OutgoingMessage(), { _header: '\r\n', _hasBody: true, chunkedEncoding: true });
}

/** A message that has arrived, and was read to its end. */
function readMessage() {
  const message = new IncomingMessage(undefined);
  message.complete = true;
  return message;
}

/** Whether an agent reads its idle sockets itself, in place of their streams. */
const guardsIdle = () => {
  const socket = idleSocket();
  new Agent({ keepAlive: true }).emit('free', socket, { host: '' });
  return socket._handle.onread !== null;
};

/** How many milliseconds an agent takes off a server's Keep-Alive hint; undefined where it heeds none. */
const hintMargin = () => {
  let kept;
  const socket = ObjectAssign(idleSocket(), {
    setTimeout(msecs) { kept = msecs; },
    _httpMessage: { res: { headers: { 'keep-alive': 'timeout=3' } } },
  });
  new Agent({ keepAlive: true, timeout: 5000 }).keepSocketAlive(socket);
  return kept === 5000 ? undefined : 3000 - kept;
};

/** Whether an agent refuses to have less than one socket. */
const limitsFromOne = () => {
  try {
    new Agent({ maxTotalSockets: 0.5 });
  } catch {
    return true;
  }
  return false;
};

/** Whether an agent opens a connection with the timeout of the request, where that has one. */
const connectsWithTimeout = () => {
  const probed = new Agent();
  let told;
  probed.createConnection = (options) => {
    told = options.timeout;
  };
  probed.createSocket({ getHeader() {}, timeout: 1 }, NAMED, () => {});
  return told === 1;
};

/** Whether a request whose tunnel takes too long hears of an error from its agent, which is then the only one. */
const tellsTunnelOnce = () => {
  const probed = new Agent();
  probed.createConnection = (options, callback) => {
    callback(ObjectAssign(new Error(), { code: 'ERR_PROXY_TUNNEL', proxyTunnelTimeout: 1 }));
  };
  let told = '';
  probed.addRequest({ getHeader() {}, onSocket() {}, emit(name) { told = name; } }, NAMED);
  return told === 'error';
};

/** Whether closing a server, which does not listen, answers it. */
const closeReturns = () => {
  const server = new Server();
  return server.close() === server;
};

/** Whether storing the options of a server sets `noDelay` among them. */
const storesNoDelay = () => {
  const options = {};
  storeHTTPOptions.call({}, options);
  return options.noDelay === true;
};

/** Whether a response reads the field `te` from the headers object of its request: nothing is made, the question ends at the first field that is asked for. */
const asksHeaders = () => {
  const known = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 0 };
  let asked;
  const request = new Proxy(known, {
    get(target, name) {
      if (ObjectHasOwn(target, name)) return target[name];
      asked = name;
      throw new Error('asked');
    },
  });
  try {
    new ServerResponse(request);
  } catch (error) {
    if (asked === undefined) throw error;
  }
  return asked === 'headers';
};

/** Whether an agent gives a kept socket the high-water mark of the request that it serves next. */
const marksKeptSockets = () => {
  const agent = new Agent();
  const options = { ...NAMED, highWaterMark: 2 };
  const socket = { destroyed: false, writable: true, _writableState: { highWaterMark: 1 }, setTimeout() {}, ref() {}, removeListener() {} };
  agent.freeSockets[agent.getName(options)] = [socket];
  agent.addRequest({ getHeader() {}, onSocket() {}, emit() {} }, options);
  return socket._writableState.highWaterMark === 2;
};

/** Whether a server without a time for heads has one that fits the time for requests. */
const limitsHeadTime = () => {
  try {
    storeHTTPOptions.call({}, { requestTimeout: 1 });
  } catch {
    return false;
  }
  return true;
};

/** Whether writeHead() takes what stands behind a reason that is no string for the fields; asked of a response that is none. */
const takesLastFields = () => {
  const fields = { a: 'b' };
  /** @type {any} */
  let taken;
  writeHead.call({ _storeHeader(line, given) { taken = given; } }, 200, null, fields);
  return taken?.a === 'b';
};

/** Whether a message keeps the length that a field gives as it was given; asked of one without a connection. */
const keepsLengthText = () => {
  const message = new OutgoingMessage();
  storeHeader.call(message, '', { 'Content-Length': '1' });
  return message._contentLength === '1';
};

/** Whether a link of early hints may have no parameter; asked of a response that is none. */
const takesAnyLink = () => {
  try {
    writeEarlyHints.call({ _writeRaw() {} }, { link: '</a>' });
  } catch (error) {
    // Anything else is an answer to the object that it was asked of.
    if (error.code === 'ERR_INVALID_ARG_VALUE') return false;
  }
  return true;
};

/** Whether a write corks the message, not its socket: then what is held back counts with what will stand around it. */
const corksEachTurn = () => {
  const message = chunkedMessage();
  message._headerSent = true;
  message.cork();
  message.write('a');
  return ownSymbol(message, 'kChunkedBuffer') !== undefined && message.writableLength > 1;
};

/** Whether a message that is destroyed closes without a socket, in a tick. */
const closesUnsent = (ticks) => {
  new OutgoingMessage().destroy();
  return ticks.length > 0;
};

/** Whether a message that waits for room has it when its socket holds nothing, whatever that has answered to what was flushed. */
const drainsWithSocket = () => {
  const message = chunkedMessage();
  let drained = false;
  message.once('drain', () => { drained = true; });
  message[ownSymbol(message, 'kSocket') ?? 'socket'] = { writable: true, writableLength: 0, cork() {}, uncork() {}, write: () => false };
  message.outputData.push({ data: 'a', encoding: 'latin1', callback: null });
  message[ownSymbol(message, 'kNeedDrain')] = true;
  message._flush();
  return drained;
};

/** Whether a request without default fields has no Host field. */
const leavesHeadersAlone = () => requestAlone({ setDefaultHeaders: false }).getHeader('host') === undefined;

/** Whether the end of a body that is not read makes no tick. */
const endsUnread = (ticks) => {
  readMessage().push(null);
  return ticks.length === 0;
};

/** Whether the destruction of a message that was read is done when `_destroy()` returns. */
const closesAtOnce = () => {
  const message = readMessage();
  message._readableState.endEmitted = true;
  let done = false;
  message._destroy(null, () => { done = true; });
  return done;
};

/** Whether a request listens to the errors of a socket when it is given the socket, not a tick later. */
const hearsAtOnce = () => {
  const socket = new EventEmitter();
  requestAlone({}).onSocket(socket);
  return socket.listenerCount('error') > 0;
};

/** Whether a request keeps the error of its socket. One that listens to it a tick later is older. */
const keepsSocketError = () => {
  const socket = ObjectAssign(new EventEmitter(), { destroy() {} });
  const request = requestAlone({}).on('error', () => {});
  request.onSocket(socket);
  if (socket.listenerCount('error') === 0) return false;
  quietly([requestError], () => socket.emit('error', new Error('asked')));
  return ownSymbol(request, 'kError') !== undefined;
};

/** Whether a request that fails is published: one that was destroyed before it got its socket does in the tick behind that. */
const publishesErrors = (ticks) => isPublished(requestError, () => {
  const request = requestAlone({}).on('error', () => {});
  request.destroy(new Error('asked'));
  request.onSocket(new Duplex({ read() {}, write() {} }));
  for (const [tick, ...args] of ticks) tick(...args);
});

/** Whether destroying a request that is sent, and answered in full, leaves its socket alone. */
const sparesSocket = () => {
  const request = requestAlone({});
  const written = ownSymbol(request, 'kWritableFinished');
  let spared = true;
  request.res = { complete: true, _dump() {} };
  request.finished = true;
  if (written !== undefined) request[written] = true;
  request.socket = { destroy() { spared = false; }, cork() {}, writableLength: 0 };
  request.destroy();
  return spared;
};

/** Whether the option `highWaterMark` counts for the request itself. */
const requestMark = () => requestAlone({ highWaterMark: 5 }).writableHighWaterMark === 5;

/** Whether an object is taken for a URL by its members. Where it is taken for the options, there are no options behind it. */
const knowsUrlsByShape = () => {
  try {
    return requestAlone({ href: 'http://a/b', protocol: 'http:', hostname: 'a', pathname: '/b', search: '' }, {}).path === '/b';
  } catch {
    return false;
  }
};

/** Whether a request that goes to a proxy goes by the host of its options; else by its fields, and a path that begins with two slashes names another. */
const checksAuthority = () => {
  const probed = new Agent({ proxyEnv: { HTTP_PROXY: 'http://127.0.0.1:1' } });
  probed.addRequest = () => {};
  return requestAlone({ agent: probed, host: 'a', path: '//b' }).path === 'http://a//b';
};

/** Whether what creates a connection without an agent sees no path. */
const hidesPath = () => optionsAlone({ path: '/' }).path !== '/';

/** Whether it sees options without prototype where there is a URL. */
const baresUrls = () => ObjectGetPrototypeOf(optionsAlone(new URL('http://a'), {})) === null;

/** The symbols under which a request keeps its path, and what proxies need to know. */
const requestSymbols = () => {
  const made = requestAlone({});
  return { kPath: ownSymbol(made, 'kPath'), kAbsolute: ownSymbol(made, 'kProxyRewrittenToAbsolute'), kAuthority: ownSymbol(made, 'kAuthority') };
};

/** Whether the target of CONNECT is its Host field. */
const namesTarget = () => requestAlone({ method: 'CONNECT', path: 'a:1' }).getHeader('host') === 'a:1';

/** Whether an object of a class without a name is shown by its members in errors about types. */
const describesObjects = () => {
  try {
    join(/** @type {any} */ (new (class {})()));
  } catch (error) {
    return !error.message.endsWith('an instance of ');
  }
  return false;
};

/** Whether a function without a name is described by its type in errors about types. */
const describesFunctions = () => {
  try {
    join(/** @type {any} */ (() => {}));
  } catch (error) {
    return error.message.includes('type function');
  }
  return false;
};

/** Whether the check of a field's name is told what to call it. */
const labelsNames = () => {
  try {
    validateHeaderName('', 'A name');
  } catch (error) {
    return error.message.startsWith('A name');
  }
  throw new Error('not refused');
};

/** Whether, of a long value, what is shown is cut, so that the quote at its end is missing. */
const cutsShown = () => {
  try {
    concat(/** @type {any} */ ('x'.repeat(40)));
  } catch (error) {
    return !error.message.endsWith("...')");
  }
  return false;
};

/** Whether a message of known length takes its Content-Disposition for UTF-8 bytes. */
const decodesDisposition = () => {
  const message = ObjectAssign(new OutgoingMessage(), { _contentLength: 1, sendDate: false });
  message._storeHeader('', { 'Content-Disposition': '\u00c3\u00a9' });
  return message._header.includes('\u00e9');
};

/** Whether end() with data tells of the error on an ended message that is destroyed. */
const endTellsDestroyed = (ticks) => {
  const message = chunkedMessage();
  message.finished = true;
  message.destroyed = true;
  message.end('a', () => {});
  return ticks.length > 0;
};

/** Whether a batch of fields in which the limit of a message is reached is cut there. */
const cutsBatches = () => {
  const parser = parsers.alloc();
  const onHeaders = parser[builtin.HTTPParser.kOnHeaders];
  parsers.free(parser);
  const message = { maxHeaderPairs: 2, _headers: [], _url: '' };
  onHeaders.call(message, ['a', '1', 'b', '2'], '');
  return message._headers.length === 2;
};

/** The names that `setHeaders()` sets, in their order; before Node 18.15 there is no such method. */
function namesSet(fields) {
  const message = new OutgoingMessage();
  message.setHeaders?.(new Map(fields));
  return message.getHeaderNames();
}

/** Whether setHeaders() sets cookies behind the other fields. */
const setsCookiesLast = () => namesSet([['set-cookie', 'a'], ['b', 'c']])[0] === 'b';

/** Whether setHeaders() sets an empty list of cookies. */
const setsNoCookies = () => namesSet([['set-cookie', []]]).length > 0;

/** A list of connections as servers have it: what makes one, begins a timer behind that, which a server without an interval never reaches. */
function connectionsList() {
  const server = { get connectionsCheckingInterval() { throw new Error('no timer'); } };
  try {
    setupConnectionsTracking.call(server);
  } catch {
    // As said.
  }
  return server[ownSymbol(server, 'http.server.connections')];
}

/**
 * What the parser itself does.
 * @returns {{refusesManyFields: boolean, closesUnused: boolean, listsIdleFirst: boolean}} whether a request with more fields than
 *   `maxHeaderPairs` allows, which are names and values, is an error; whether a connection that has sent nothing counts as idle; whether a list of
 *   connections has those between two messages first, and the others in the order in which their messages have begun
 */
function askParser() {
  const list = connectionsList();
  const waiting = parserOf(list);
  const parser = parserOf(list);
  const closesUnused = list !== undefined && list.idle().length > 0;
  parser.execute(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  const listsIdleFirst = list !== undefined && list.all()[0] === parser;
  parser.maxHeaderPairs = 2;
  const result = parser.execute(Buffer.from('GET / HTTP/1.1\r\na: 1\r\nb: 2\r\n\r\n'));
  waiting.close();
  parser.close();
  return { refusesManyFields: result instanceof Error, closesUnused, listsIdleFirst };
}

function parserOf(list) {
  const parser = new builtin.HTTPParser();
  if (list === undefined) parser.initialize(builtin.HTTPParser.REQUEST, {});
  else parser.initialize(builtin.HTTPParser.REQUEST, {}, 0, 0, list);
  return parser;
}

/** A socket that brings what it is told to. @returns {any} */
function fakeSocket() {
  const socket = new EventEmitter();
  for (const name of ['setTimeout', 'pause', 'resume', 'cork', 'uncork', 'end', 'destroy', 'destroySoon', 'unshift', 'write']) socket[name] = () => {};
  return ObjectAssign(socket, { readable: true, writable: true, writableLength: 0, _readableState: {}, _writableState: {} });
}

/** A response that knows nothing but whether it was destroyed. */
class FakeResponse extends EventEmitter {
  assignSocket() {}

  destroy() {
    this.destroyed = true;
  }
}

/**
 * Has a server of the built-in read from a socket that is none, without a subscriber of any channel hearing of it.
 * @param {string} input
 * @param {function(any, any): void} prepare
 */
function serve(input, prepare) {
  const server = new Server({ IncomingMessage, ServerResponse: FakeResponse });
  const socket = fakeSocket();
  prepare(server, socket);
  unprinted(() => quietly([requestStart], () => {
    server.emit('connection', socket);
    socket.emit('data', Buffer.from(input));
    socket.emit('close');
  }));
}

/** Whether responses that wait for their turn are destroyed when their connection closes. Not to be asked at load: a parser reads two requests. */
const destroysQueued = () => {
  const responses = [];
  serve('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2), (server, socket) => {
    server.on('request', (request, response) => {
      socket._httpMessage = responses[0] ?? response;
      responses.push(response);
    });
  });
  return responses[1].destroyed === true;
};

/** Whether the body of a request that upgrades is its own, so that the other protocol begins behind it. Not to be asked at load either. */
const upgradesBehindBody = () => {
  let length;
  serve('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: b\r\nContent-Length: 1\r\n\r\nabc', (server) => {
    server.on('upgrade', (request, _, head) => { ({ length } = head); });
  });
  return length === 2;
};

module.exports = {
  ask,
  askParser,
  asksHeaders,
  baresUrls,
  checksAuthority,
  closeReturns,
  closesAtOnce,
  closesUnsent,
  connectsWithTimeout,
  corksEachTurn,
  cutsBatches,
  cutsShown,
  decodesDisposition,
  describesFunctions,
  describesObjects,
  destroysQueued,
  drainsWithSocket,
  endTellsDestroyed,
  endsUnread,
  guardsIdle,
  hearsAtOnce,
  hidesPath,
  hintMargin,
  keepsLengthText,
  keepsSocketError,
  knowsUrlsByShape,
  labelsNames,
  leavesHeadersAlone,
  limitsFromOne,
  limitsHeadTime,
  loaded,
  marksKeptSockets,
  namesTarget,
  requestMark,
  requestSymbols,
  setsCookiesLast,
  setsNoCookies,
  publishesErrors,
  sparesSocket,
  storesNoDelay,
  takesAnyLink,
  takesLastFields,
  tellsTunnelOnce,
  unprinted,
  upgradesBehindBody,
};
