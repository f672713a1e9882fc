'use strict';

/**
 * The differences between the releases of Node that this package follows: 18, 20, 22, 24, 26, and those between.
 *
 * Classes read this table when they are loaded, or when they first need a row; nothing else checks a version. A release may take
 * over single features of a later one, and a later one may lose one again. So a row is decided, in this order: by the shape of the
 * built-in classes; by what the built-in does, if it can be asked at load (`ask`) or later (`lazy`) without a program noticing; by
 * the release's number (`since`), if it cannot be asked or the earlier lines get no more releases. A line newer than all of these
 * (see release.js) is asked, too; if it does not answer, the core leaves its connections to their streams. The releases in
 * parentheses are the first that were seen with a feature.
 */

const { Number, ObjectEntries, ObjectKeys, process } = require('../globals/primordials');
const builtin = require('./builtin');
const { lazy } = require('./lazy');
const { ownSymbol, ownSymbols } = require('./own-symbol');
const probes = require('./probes');
const { isNewer, isNode, isUnderstood, major, minor, since } = require('./release');
const { setupConnectionsTracking, storeHTTPOptions } = require('node:_http_server');

const { ask, loaded, unprinted } = probes;

/**
 * A question to the built-in that is asked when its answer is first needed.
 * @param {function(Array): T} question @param {T} otherwise the answer if it cannot be asked
 * @returns {function(): T} @template T
 */
function asked(question, otherwise) {
  return lazy(() => ask(question, otherwise));
}

const server = optionsOfServer();
const agent = unprinted(() => new builtin.Agent({ defaultPort: 1, proxyEnv: {} }));
const outgoing = new builtin.OutgoingMessage();
const ofOutgoing = ownSymbols(outgoing);
const outgoingWritten = ofOutgoing('kWritableFinished');
const { prototype: response } = builtin.ServerResponse;
const { prototype: incoming } = builtin.IncomingMessage;
const { prototype: request } = builtin.ClientRequest;
// Other runtimes have a parser of that name that works differently.
const parser = isNode ? ask(probes.askParser, { refusesManyFields: false, closesUnused: since(26, 4), listsIdleFirst: !since(26) }) : {};

// The options that a server stores, without making the server. Other runtimes have no such function.
function optionsOfServer() {
  const kept = {};
  if (storeHTTPOptions === undefined) return new builtin.Server();
  storeHTTPOptions.call(kept, {});
  return kept;
}

function endsAtHangUp() {
  const [uvMajor, uvMinor] = (process.versions.uv ?? '1.52').split('.').map(Number);
  return uvMajor === 1 && uvMinor < 52;
}

// Releases in which messages end as they do since 24.22 and 26.9.
const hasNewEnds = since(26, 9) || (major === 24 && minor >= 22);

// Without a prototype the object is a table from the start: V8 makes no hidden class for each name.
const features = {
  __proto__: null,
  /** Other runtimes have modules of the same names that work differently: what only Node has is left out there. */
  isNode,

  /**
   * Whether the built-in's behaviour is known: its line was tested, or it has answered all questions. On a newer line they are all
   * asked here, so that the core reads no connection before the answer is clear.
   */
  isKnown: lazy(() => knowsAll()),

  /**
   * An object whose prototype was changed gets a hidden class of its own when a property is added (V8 up to 12: until Node 24). Only timing shows it.
   */
  splitsClasses: isNode && !since(24),

  /** `server.listen({ reusePort: true })` shares a port (22.12, 23.1); earlier releases ignore the option, and nothing shows that they do. */
  sharesPorts: !isNode || (since(22, 12) && (since(23, 1) || !since(23))),

  // ------------------------------------------------------------------------------------------------------ the agent
  /** An agent takes its default port and protocol from its options: https passes them that way (22). */
  agentTakesDefaults: agent.defaultPort === 1,
  /** Milliseconds that agents subtract from a server's Keep-Alive hint by default; undefined if there is no such option (22). */
  keepAliveBuffer: agent.agentKeepAliveTimeoutBuffer,
  /** Milliseconds that an agent subtracts from a server's Keep-Alive hint: none at first (20.9), then 1000 (20.20); undefined if it ignores hints. */
  hintMargin: asked(probes.hintMargin, since(20) ? 1000 : undefined),
  /** Bytes that arrive on an idle socket end it without an event of its stream (22.23, 24.21). */
  guardsIdle: lazy(() => isNode && ask(probes.guardsIdle, false)),
  /**
   * The agent of https has its own `keepSocketAlive()` (22.23, 24.19, 26.6: the releases that refuse many fields). Looking for it
   * would load https, before register may be loaded.
   */
  keepsTlsAlive: isNode && parser.refusesManyFields,
  /** The option `maxTotalSockets` must be at least 1 (not 18.12); before, greater than 0. */
  limitsFromOne: asked(probes.limitsFromOne, true),
  /** A connection is opened with the request's timeout, if it has one, instead of the agent's (22). */
  connectsWithTimeout: asked(probes.connectsWithTimeout, since(22)),
  /** Where an agent keeps its option `proxyEnv`; undefined if it has none (22.21, 24.5). */
  kProxyConfig: ownSymbol(agent, 'kProxyConfig'),

  /** If a proxy opens no tunnel, a request gets exactly one 'error', even after a 'timeout' (22.23, 24.15, 25.7). */
  tellsTunnelOnce: asked(probes.tellsTunnelOnce, since(24)),
  /** A kept socket gets the high-water mark of its next request (24.21, 26.9). */
  marksKeptSockets: asked(probes.marksKeptSockets, since(26, 9)),
  /**
   * The Host field of a request to a proxy is compared with its target (24.19, 26.5); later a request keeps its authority (24.21,
   * 26.6; see `requestSymbols`).
   */
  checksAuthority: asked(probes.checksAuthority, since(26, 5)),

  // ----------------------------------------------------------------------------------------------------- the server
  /** The server reads fields from a request's headers object, so that it is built before the handler runs; not from 26.12 on. */
  asksHeaders: asked(probes.asksHeaders, !since(26, 12)),
  /**
   * A server watches its connections from construction on, not from when it listens; `setupConnectionsTracking()` takes it as its argument (18.12).
   */
  watchesAtOnce: setupConnectionsTracking?.length === 1,
  /** The default limit for a head is at most that for the whole request (not 18.12); before, an equal limit is out of range, too. */
  limitsHeadTime: asked(probes.limitsHeadTime, true),
  /** All connections share one function that runs when a response has finished (26.12). */
  sharesOnFinish: since(26, 12),
  /** The option `rejectNonStandardBodyWrites` (not 18.12). */
  refusesBodyWrites: 'rejectNonStandardBodyWrites' in server,
  /** The table of a message's fields has no prototype; from 26 (26.12) on it is of a class. */
  baresFields: asked(probes.baresFields, !since(26)),
  /** Storing options sets `noDelay` in them (18). */
  storesNoDelay: asked(probes.storesNoDelay, false),
  /** An HTTP/1.1 request without a Host field is refused (20). */
  requiresHost: 'requireHostHeader' in server,
  /** `server.close()` returns the server (20.19). */
  closeReturns: asked(probes.closeReturns, since(22)),
  /**
   * Any bytes end the keep-alive timeout of a connection (until 20.20, 22.18, 24.3); later only a request does. So the rest of a body
   * that nobody reads may take longer than that.
   */
  bytesEndIdle: isNode && !(since(24, 3) || (since(22, 18) && !since(23)) || (since(20, 20) && !since(21))),
  /** `server.close()` closes idle connections too (19). */
  closesIdle: since(19),
  /** A connection that has never sent anything counts as idle, too (26.4). */
  closesUnused: parser.closesUnused,
  /**
   * A list of connections begins with those between two messages, followed by those whose message began first (to 25); later the
   * oldest connection comes first.
   */
  listsIdleFirst: parser.listsIdleFirst,
  /** Responses that wait for their turn are destroyed when their connection closes (24.16, 26.1). Asking takes two requests. */
  destroysQueued: asked(probes.destroysQueued, since(26, 1)),
  /**
   * Whenever the bytes that wait for their turn change, the response whose turn it is gets 'drain' if it waits for it (until 24.16,
   * 26.1, which have `signal`).
   */
  drainsWithQueue: !('signal' in incoming),
  /** An idle connection is kept for `keepAliveTimeoutBuffer` longer than announced (22.19, 24.6). */
  keepsLonger: 'keepAliveTimeoutBuffer' in server,
  /** It is kept for a second longer, unless that option is set (20.18, 22.9). */
  keepsSecondLonger: since(22, 9) || (major === 20 && minor >= 18),
  /** `shouldUpgradeCallback` decides about upgrades (22.21, 24.9). */
  asksBeforeUpgrade: 'shouldUpgradeCallback' in server,
  /** A second error on a socket that a listener of 'clientError' left open causes a warning (18). */
  warnsUnclosed: !since(20),
  /** The body of a request that upgrades is part of the request: the other protocol begins after it (26). */
  upgradesBehindBody: asked(probes.upgradesBehindBody, since(26)),
  /** 'upgrade' and 'connect' are emitted in the async context of the connection's requests (24). */
  upgradesInContext: since(24),
  /** AsyncLocalStorage.enterWith() lasts as long as the parser callback in which it is called; before, as long as the connection. (24) */
  entersEachCallback: since(24),
  /** Where a server keeps `optimizeEmptyRequests`; undefined if there is no such option (24.12, 25.7). */
  kOptimizeEmpty: ownSymbol(server, 'OptimizeEmptyRequestsOption'),
  /** `httpValidation` sets how strictly field values are checked, in both directions (24). */
  choosesValidation: 'httpValidation' in server,

  // --------------------------------------------------------------------------------------------------- the messages
  /** An unread, empty body ends by itself, without flowing (24.22, 26.9). */
  endsUnread: asked(probes.endsUnread, hasNewEnds),
  /** A message that was read to its end closes a tick earlier (24.22, 26.9). */
  closesAtOnce: asked(probes.closesAtOnce, hasNewEnds),
  /** `request.signal` (24.16, 26.1): at first aborted whenever the message closes, later only during the exchange (24.21, 26.9). */
  hasSignal: 'signal' in incoming,
  detachesSignal: ownSymbol(incoming, 'kDetachAbortSignal') !== undefined,
  /** The option `joinDuplicateHeaders` (not 18.12). */
  joinsDuplicates: 'joinDuplicateHeaders' in server,
  /** A message without a body can be ended as if it had been read (24.12, 25.7). */
  dumpsAndCloses: '_dumpAndCloseReadable' in incoming,
  /** Chunks written while corked are sent as one (22): where a message keeps them, and their length. */
  kChunkedBuffer: ofOutgoing('kChunkedBuffer'),
  kChunkedLength: ofOutgoing('kChunkedLength'),
  /** A write corks the message until the turn is over (24.22, 26.9). */
  corksEachTurn: asked(probes.corksEachTurn, hasNewEnds),
  /**
   * A message is finished when its last byte is written, not when it is handed over, and callbacks of `end()` get errors (24):
   * where a message keeps that state, the callbacks, and the error.
   */
  kWritableFinished: outgoingWritten,
  kEndCallbacks: ofOutgoing('kEndCallbacks'),
  kFlushError: ofOutgoing('kFlushError'),
  /** A message that is destroyed without a socket closes (24.16, 26.1). */
  closesUnsent: asked(probes.closesUnsent, since(26, 1)),
  /** A message emits 'drain' when its socket holds nothing (24.16, 26.1, not from 24.21 and 26.9 on), not when the socket takes what is flushed. */
  drainsWithSocket: asked(probes.drainsWithSocket, false),
  /** A destroyed stream forgets, in a tick, what it has not written (20.18; not 20.12); before, it keeps counting that. */
  forgetsUnwritten: since(20, 18),
  /** end() with data reports the error even on a destroyed message (18). */
  endTellsDestroyed: asked(probes.endTellsDestroyed, !since(20)),
  /** The callback of a vectored write is called with undefined, that of a single write without arguments (18). */
  tellsOfPieces: !since(20),
  /** writeHead() after a head is refused; on 18 only if fields have been set, otherwise it makes the head then, or a second one. */
  refusesSecondHead: since(20),
  /** A Content-Length field that is no number stays unconverted in `_contentLength` (18.20, 20.9, 22.12; not 20.20, 22.23). */
  keepsLengthText: asked(probes.keepsLengthText, false),
  /** A head whose Connection field was removed also ends keep-alive for the message (18). */
  removedEndsKeepAlive: !since(20),
  /** writeHead() takes its third argument for the fields if the second is not a string (not 18.12); else the second, whatever it is. */
  takesLastFields: asked(probes.takesLastFields, true),
  /** The Content-Disposition of a message of known length is taken as UTF-8 bytes (not 18.12). */
  decodesDisposition: asked(probes.decodesDisposition, true),
  /** `_send()` passes the length in bytes to `_writeRaw()` (not 18.12, where _writeRaw() counts bytes itself, without the head). */
  tellsLength: builtin.OutgoingMessage.prototype._writeRaw.length > 3,
  /** A link of early hints may have any parameters, or none (not 18.12); else it begins with `rel`, and one of few others may follow. */
  takesAnyLink: asked(probes.takesAnyLink, true),
  /** If a field list for writeHead() repeats a name, all its values are kept (22). */
  keepsRepeated: since(22),
  /** setHeaders() sets all cookies together, after the other fields (20); even an empty list of them (22). */
  setsCookiesLast: asked(probes.setsCookiesLast, since(20)),
  setsNoCookies: asked(probes.setsNoCookies, since(22)),
  /** `writeHeader()` is `writeHead()` with a warning (25); before, without one. */
  deprecatesWriteHeader: 'writeHeader' in response && response.writeHeader !== response.writeHead,
  /** All 1xx responses go through one function, which refuses to follow the head (24). */
  writesInformation: 'writeInformation' in response,

  // ----------------------------------------------------------------------------------------------------- the client
  /** `request.path` is an accessor that checks its value (24.15, 25.8). */
  checksPath: 'path' in request,
  /** Where these requests keep the path, and what proxies need. */
  requestSymbols: asked(probes.requestSymbols, { kPath: undefined, kAbsolute: undefined, kAuthority: undefined }),
  /** A request gets errors of a socket from the moment that it gets the socket; such a socket is not new to the agent (24.15, 25.7). */
  hearsAtOnce: asked(probes.hearsAtOnce, since(25, 7)),
  /** A request that returns a socket unused removes its 'error' listener from it (24.16, 26.1: the releases that brought `request.signal`). */
  unhearsGivenUp: 'signal' in incoming,
  /** The error of a response that was cut short has the error of its connection as its cause (26.12). */
  tellsCause: asked(probes.keepsSocketError, since(26, 12)),
  /** Destroying a request that is sent and answered does not destroy its socket (26). */
  sparesSocket: asked(probes.sparesSocket, since(26)),
  /** A URL is recognized by its members, not by its class (20). */
  knowsUrlsByShape: asked(probes.knowsUrlsByShape, false),
  /**
   * A function that creates a connection without an agent sees no path but that of a local socket (20.20; not 20.9), and before,
   * options without prototype if there is a URL (18.20).
   */
  hidesPath: asked(probes.hidesPath, since(20)),
  baresUrls: asked(probes.baresUrls, true),
  /** The options that a program's agent gets have no prototype (20.15). */
  baresAgents: asked(probes.baresAgents, true),
  /** The target of CONNECT is its Host field, and a URL has it without the slash (26). */
  namesTarget: asked(probes.namesTarget, since(26)),
  /** With the option `setDefaultHeaders`, nothing is added to a head (22.23, 24; not in 22.12). */
  leavesHeadersAlone: asked(probes.leavesHeadersAlone, since(24)),
  /** A request's option `highWaterMark` counts for the request itself, too (24.21, 26.9). */
  requestMark: asked(probes.requestMark, since(26, 9)),
  /** Error messages describe a function without a name by its type (18), and an object of a class without a name by itself (18, 24.22, 26.9). */
  describesFunctions: asked(probes.describesFunctions, !since(20)),
  describesObjects: asked(probes.describesObjects, since(26, 9)),
  /** The check of a field name takes a label for the message (not 18.12). */
  labelsNames: asked(probes.labelsNames, true),
  /** Of a long value, the shown text is cut, not the value before it is shown (18). */
  cutsShown: asked(probes.cutsShown, !since(20)),

  // -------------------------------------------------------------------------------------------------- the observers
  /** Requests that fail are published (20.20, 22.12). */
  publishesErrors: asked(probes.publishesErrors, since(22)),
  /** New requests and responses are published (22). */
  publishesCreation: since(22),

  // -------------------------------------------------------------------------------------------------- the transport
  /** A connection that was reset ends after the bytes that had arrived; otherwise the next read gets the reset (libuv 1.52). */
  endsAtHangUp: endsAtHangUp(),

  // ----------------------------------------------------------------------------------------------------- the parser
  /** The version of the parser whose dialect holds; see the table in src/parser. */
  llhttp: (process.versions.llhttp ?? '9.4').split('.').map(Number),
  /**
   * A request with more fields than `maxHeadersCount` is refused, its trailers counted separately; the fields of a response are cut
   * at the limit (22.23.3, 24.21, 26.10).
   */
  refusesManyFields: isNode && parser.refusesManyFields,
  /** A batch of fields that reaches the limit is cut there; otherwise it is kept whole, as the last (22.23, 24.15, 25.7). */
  cutsBatches: lazy(() => isNode && ask(probes.cutsBatches, since(26))),
  /** The lenient flags of the running release; the core knows all of them. */
  lenientBits: ObjectKeys(builtin.HTTPParser).filter((key) => key.startsWith('kLenient'))
    .reduce((bits, key) => bits | builtin.HTTPParser[key], 0),
};

loaded();

// On a newer line, asks all that was put off.
function knowsAll() {
  if (isNewer) for (const [name, feature] of ObjectEntries(features)) if (typeof feature === 'function' && name !== 'isKnown') feature();
  return isUnderstood();
}

module.exports = features;
