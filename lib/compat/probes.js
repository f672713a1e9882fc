'use strict';
/**
 * Questions about the built-in's behaviour, for features that its shape does not show. They use objects without a connection: no
 * tick is scheduled, no response made, and no async resource begun except that of a parser. Questions that need more are asked when
 * their answer is first needed.
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

/** The members of a prototype as they are now. Reading all of them is the expensive part. */
class Members {
  constructor(prototype) {
    this.prototype = prototype;
    this.keys = ReflectOwnKeys(prototype);
    this.descriptors = this.keys.map((key) => ObjectGetOwnPropertyDescriptor(prototype, key));
  }

  // Whether a program has replaced one. This check costs a fifth of defining the members on another prototype.
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

// By prototype, each once.
const membersAtLoad = new Map();
// While this file is loading, no code of the program runs that could replace members.
let isLoading = true;

function membersOf({ prototype }) {
  if (!membersAtLoad.has(prototype)) membersAtLoad.set(prototype, new Members(prototype));
  return membersAtLoad.get(prototype);
}

/**
 * A class with the methods that it and its superclasses have at load: a program's replacements must not be called with our objects,
 * and would give their own answers.
 * @param {any} Class
 * @param {...any} above the superclasses
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

// Later questions use these as they were at load: `register` and programs replace exports.
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
/** An origin without a TLS name: the regular expressions for addresses take milliseconds to compile. */
const NAMED = { host: '', servername: '' };
const requestCreated = channel('http.client.request.created');
const requestError = channel('http.client.request.error');
const requestStart = channel('http.server.request.start');
/** Whether the built-in prints debug messages (NODE_DEBUG=http). Looking at the stream that it prints to would open it. */
const isPrinting = debuglog('http').enabled;

/**
 * Runs an action and suppresses what the built-in prints about it with NODE_DEBUG=http: it is not about a message of the program.
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
 * Asks a question; ticks are counted instead of scheduled.
 * @param {function(Array): T} question gets the arguments of each call
 * @param {T} otherwise the answer if it cannot be asked
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
    // node's one-time warnings must still come (that NODE_DEBUG=http prints secrets).
    for (const tick of ticks) if (tick[1] instanceof Error && tick[1].name === 'Warning') process.nextTick(.../** @type {[Function]} */ (tick));
  }
}

/** Called when all questions for load time have been asked. */
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

/** A request without a connection. */
function requestAlone(...args) {
  return requestBy(() => {}, args);
}

/** @returns {any} the options that a function creating connections gets without an agent */
function optionsAlone(...args) {
  let seen;
  requestBy((options) => { seen = options; }, args);
  return seen;
}

/** A message with a chunked body whose head has been made. */
function chunkedMessage() {
  return ObjectAssign(new OutgoingMessage(), { _header: '\r\n', _hasBody: true, chunkedEncoding: true });
}

/** A message that has arrived and was read to its end. */
function readMessage() {
  const message = new IncomingMessage(undefined);
  message.complete = true;
  return message;
}

/** Whether an agent reads its idle sockets itself, instead of their streams. */
const guardsIdle = () => {
  const socket = idleSocket();
  new Agent({ keepAlive: true }).emit('free', socket, { host: '' });
  return socket._handle.onread !== null;
};

/** How many milliseconds an agent subtracts from a server's Keep-Alive hint; undefined if it ignores hints. */
const hintMargin = () => {
  let kept;
  const socket = ObjectAssign(idleSocket(), {
    setTimeout(msecs) { kept = msecs; },
    _httpMessage: { res: { headers: { 'keep-alive': 'timeout=3' } } },
  });
  new Agent({ keepAlive: true, timeout: 5000 }).keepSocketAlive(socket);
  return kept === 5000 ? undefined : 3000 - kept;
};

/** Whether an agent refuses a limit of less than one socket. */
const limitsFromOne = () => {
  try {
    new Agent({ maxTotalSockets: 0.5 });
  } catch {
    return true;
  }
  return false;
};

/** Whether an agent opens a connection with the request's timeout, if it has one. */
const connectsWithTimeout = () => {
  const probed = new Agent();
  let told;
  probed.createConnection = (options) => {
    told = options.timeout;
  };
  probed.createSocket({ getHeader() {}, timeout: 1 }, NAMED, () => {});
  return told === 1;
};

/** Whether an agent emits an error on a request whose tunnel takes too long; then it is the only error. */
const tellsTunnelOnce = () => {
  const probed = new Agent();
  probed.createConnection = (options, callback) => {
    callback(ObjectAssign(new Error(), { code: 'ERR_PROXY_TUNNEL', proxyTunnelTimeout: 1 }));
  };
  let told = '';
  probed.addRequest({ getHeader() {}, onSocket() {}, emit(name) { told = name; } }, NAMED);
  return told === 'error';
};

/** Whether close() of a server that does not listen returns the server. */
const closeReturns = () => {
  const server = new Server();
  return server.close() === server;
};

/** Whether storing the options of a server sets `noDelay` in them. */
const storesNoDelay = () => {
  const options = {};
  storeHTTPOptions.call({}, options);
  return options.noDelay === true;
};

/**
 * Whether a response reads the field `te` from its request's headers object. No response is made: the first property that is read ends the question.
 */
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

/** Whether an agent gives a kept socket the high-water mark of its next request. */
const marksKeptSockets = () => {
  const agent = new Agent();
  const options = { ...NAMED, highWaterMark: 2 };
  const socket = { destroyed: false, writable: true, _writableState: { highWaterMark: 1 }, setTimeout() {}, ref() {}, removeListener() {} };
  agent.freeSockets[agent.getName(options)] = [socket];
  agent.addRequest({ getHeader() {}, onSocket() {}, emit() {} }, options);
  return socket._writableState.highWaterMark === 2;
};

/** Whether the default limit for heads adapts to the limit for requests. */
const limitsHeadTime = () => {
  try {
    storeHTTPOptions.call({}, { requestTimeout: 1 });
  } catch {
    return false;
  }
  return true;
};

/** Whether writeHead() takes its third argument for the fields if the second is not a string; called on an object that is no response. */
const takesLastFields = () => {
  const fields = { a: 'b' };
  /** @type {any} */
  let taken;
  writeHead.call({ _storeHeader(line, given) { taken = given; } }, 200, null, fields);
  return taken?.a === 'b';
};

/** Whether a message keeps a Content-Length field's value unconverted; the message has no connection. */
const keepsLengthText = () => {
  const message = new OutgoingMessage();
  storeHeader.call(message, '', { 'Content-Length': '1' });
  return message._contentLength === '1';
};

/** Whether a link of early hints may have no parameter; called on an object that is no response. */
const takesAnyLink = () => {
  try {
    writeEarlyHints.call({ _writeRaw() {} }, { link: '</a>' });
  } catch (error) {
    // Any other error comes from calling it on that object.
    if (error.code === 'ERR_INVALID_ARG_VALUE') return false;
  }
  return true;
};

/** Whether a write corks the message, not its socket: then the framing around held bytes counts as well. */
const corksEachTurn = () => {
  const message = chunkedMessage();
  message._headerSent = true;
  message.cork();
  message.write('a');
  return ownSymbol(message, 'kChunkedBuffer') !== undefined && message.writableLength > 1;
};

/** Whether a message that is destroyed without a socket closes, in a tick. */
const closesUnsent = (ticks) => {
  new OutgoingMessage().destroy();
  return ticks.length > 0;
};

/** Whether a message emits 'drain' when its socket holds nothing, whatever write() returned for what was flushed. */
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

/** Whether the end of an unread body schedules no tick. */
const endsUnread = (ticks) => {
  readMessage().push(null);
  return ticks.length === 0;
};

/** Whether destroying a message that was read is complete when `_destroy()` returns. */
const closesAtOnce = () => {
  const message = readMessage();
  message._readableState.endEmitted = true;
  let done = false;
  message._destroy(null, () => { done = true; });
  return done;
};

/** Whether a request listens to errors of a socket as soon as it gets the socket, not a tick later. */
const hearsAtOnce = () => {
  const socket = new EventEmitter();
  requestAlone({}).onSocket(socket);
  return socket.listenerCount('error') > 0;
};

/** Whether a request keeps the error of its socket. Releases where it listens a tick later are older. */
const keepsSocketError = () => {
  const socket = ObjectAssign(new EventEmitter(), { destroy() {} });
  const request = requestAlone({}).on('error', () => {});
  request.onSocket(socket);
  if (socket.listenerCount('error') === 0) return false;
  quietly([requestError], () => socket.emit('error', new Error('asked')));
  return ownSymbol(request, 'kError') !== undefined;
};

/** Whether a request that fails is published: one that is destroyed before it gets its socket fails in the tick after that. */
const publishesErrors = (ticks) => isPublished(requestError, () => {
  const request = requestAlone({}).on('error', () => {});
  request.destroy(new Error('asked'));
  request.onSocket(new Duplex({ read() {}, write() {} }));
  for (const [tick, ...args] of ticks) tick(...args);
});

/** Whether destroying a request that is sent and completely answered spares its socket. */
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

/** Whether an object is recognized as a URL by its members. If it is taken for the options, the options after it do not count. */
const knowsUrlsByShape = () => {
  try {
    return requestAlone({ href: 'http://a/b', protocol: 'http:', hostname: 'a', pathname: '/b', search: '' }, {}).path === '/b';
  } catch {
    return false;
  }
};

/**
 * Whether the URL of a request to a proxy has the host of its options; otherwise it is made from its fields, and a path that begins
 * with two slashes names another host.
 */
const checksAuthority = () => {
  const probed = new Agent({ proxyEnv: { HTTP_PROXY: 'http://127.0.0.1:1' } });
  probed.addRequest = () => {};
  return requestAlone({ agent: probed, host: 'a', path: '//b' }).path === 'http://a//b';
};

/** Whether a function that creates a connection without an agent sees no path. */
const hidesPath = () => optionsAlone({ path: '/' }).path !== '/';

/** Whether that function sees options without prototype if there is a URL. */
const baresUrls = () => ObjectGetPrototypeOf(optionsAlone(new URL('http://a'), {})) === null;

/** Whether an agent sees options without prototype. */
const baresAgents = () => {
  let seen;
  requestAlone({ agent: { addRequest(req, options) { seen = options; } } });
  return ObjectGetPrototypeOf(seen) === null;
};

/** The symbols under which a request keeps its path, and what proxies need. */
const requestSymbols = () => {
  const made = requestAlone({});
  return { kPath: ownSymbol(made, 'kPath'), kAbsolute: ownSymbol(made, 'kProxyRewrittenToAbsolute'), kAuthority: ownSymbol(made, 'kAuthority') };
};

/** Whether the target of CONNECT is its Host field. */
const namesTarget = () => requestAlone({ method: 'CONNECT', path: 'a:1' }).getHeader('host') === 'a:1';

/** Whether type errors show an object of a class without a name by its members. */
const describesObjects = () => {
  try {
    join(/** @type {any} */ (new (class {})()));
  } catch (error) {
    return !error.message.endsWith('an instance of ');
  }
  return false;
};

/** Whether type errors describe a function without a name by its type. */
const describesFunctions = () => {
  try {
    join(/** @type {any} */ (() => {}));
  } catch (error) {
    return error.message.includes('type function');
  }
  return false;
};

/** Whether the check of a field name takes a label. */
const labelsNames = () => {
  try {
    validateHeaderName('', 'A name');
  } catch (error) {
    return error.message.startsWith('A name');
  }
  throw new Error('not refused');
};

/** Whether the shown text of a long value is cut, so that its closing quote is missing. */
const cutsShown = () => {
  try {
    concat(/** @type {any} */ ('x'.repeat(40)));
  } catch (error) {
    return !error.message.endsWith("...')");
  }
  return false;
};

/** Whether the Content-Disposition of a message of known length is taken as UTF-8 bytes. */
const decodesDisposition = () => {
  const message = ObjectAssign(new OutgoingMessage(), { _contentLength: 1, sendDate: false });
  message._storeHeader('', { 'Content-Disposition': '\u00c3\u00a9' });
  return message._header.includes('\u00e9');
};

/** Whether end() with data reports the error on an ended message that is destroyed. */
const endTellsDestroyed = (ticks) => {
  const message = chunkedMessage();
  message.finished = true;
  message.destroyed = true;
  message.end('a', () => {});
  return ticks.length > 0;
};

/** Whether a batch of fields that reaches a message's limit is cut there. */
const cutsBatches = () => {
  const parser = parsers.alloc();
  const onHeaders = parser[builtin.HTTPParser.kOnHeaders];
  parsers.free(parser);
  const message = { maxHeaderPairs: 2, _headers: [], _url: '' };
  onHeaders.call(message, ['a', '1', 'b', '2'], '');
  return message._headers.length === 2;
};

/** The names that `setHeaders()` sets, in order; before Node 18.15 there is no such method. */
function namesSet(fields) {
  const message = new OutgoingMessage();
  message.setHeaders?.(new Map(fields));
  return message.getHeaderNames();
}

/** Whether setHeaders() sets cookies after the other fields. */
const setsCookiesLast = () => namesSet([['set-cookie', 'a'], ['b', 'c']])[0] === 'b';

/** Whether setHeaders() sets an empty list of cookies. */
const setsNoCookies = () => namesSet([['set-cookie', []]]).length > 0;

/** A connections list as servers have it. The function that makes it then starts a timer, which a server without an interval does not reach. */
function connectionsList() {
  const server = { get connectionsCheckingInterval() { throw new Error('no timer'); } };
  try {
    // Node 18.12 takes it as an argument.
    setupConnectionsTracking.call(server, server);
  } catch {
    // The getter has thrown, as intended.
  }
  return server[ownSymbol(server, 'http.server.connections')];
}

/**
 * Asks what the parser itself does.
 * @returns {{refusesManyFields: boolean, closesUnused: boolean, listsIdleFirst: boolean}} whether a request is refused if it has
 *   more fields than `maxHeaderPairs` allows (it counts names and values); whether a connection that has sent nothing counts as
 *   idle; whether a connections list begins with those between two messages, the others in the order in which their messages began
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

/** A socket that emits what it is told to. @returns {any} */
function fakeSocket() {
  const socket = new EventEmitter();
  for (const name of ['setTimeout', 'pause', 'resume', 'cork', 'uncork', 'end', 'destroy', 'destroySoon', 'unshift', 'write']) socket[name] = () => {};
  return ObjectAssign(socket, { readable: true, writable: true, writableLength: 0, _readableState: {}, _writableState: {} });
}

/** A response that only records whether it was destroyed. */
class FakeResponse extends EventEmitter {
  assignSocket() {}

  destroy() {
    this.destroyed = true;
  }
}

/**
 * Makes a built-in server read from a fake socket; no subscriber of a channel sees it.
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

/** Whether responses that wait for their turn are destroyed when their connection closes. Not for load time: a parser reads two requests. */
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

/** Whether the body of a request that upgrades is part of the request, so that the other protocol begins after it. Not for load time either. */
const upgradesBehindBody = () => {
  let length;
  serve('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: b\r\nContent-Length: 1\r\n\r\nabc', (server) => {
    server.on('upgrade', (request, _, head) => { ({ length } = head); });
  });
  return length === 2;
};

function baresFields() {
  const message = new builtin.OutgoingMessage();
  message.setHeader('a', 'b');
  return ObjectGetPrototypeOf(message[ownSymbol(message, 'kOutHeaders')]) === null;
}

module.exports = {
  ask,
  askParser,
  asksHeaders,
  baresAgents,
  baresFields,
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
