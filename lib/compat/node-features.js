'use strict';

/**
 * What differs between the releases of Node that this package follows: 18, 20, 22, 24, 26, and those between.
 *
 * One table; the classes read it when they are loaded, or when they first need to know, and nothing else asks for a version. A release takes over single
 * features of a later one, and a later one may lose one again. So a row is decided by the shape of the built-in classes where that
 * tells; by what the built-in does where it can be asked at load (`ask`), or later (`lazy`), without a program hearing of it; and by the number of the
 * release (`since`) where it cannot, or where the lines before are closed. A line that is newer than all of them (see release.js) is asked, too, and where it does not answer, the
 * core leaves its connections to their streams. The releases in parentheses are those that were seen to have a feature first.
 */

const { Number, ObjectEntries, ObjectKeys, process } = require('../globals/primordials');
const builtin = require('./builtin');
const { ownSymbol } = require('./own-symbol');
const probes = require('./probes');
const { isNewer, isNode, isUnderstood, major, minor, since } = require('./release');
const { setupConnectionsTracking, storeHTTPOptions } = require('node:_http_server');

const { ask, loaded, unprinted } = probes;

/** A question that is put off until the answer is needed. @param {function(): T} question @returns {function(): T} @template T */
function lazy(question) {
  let answer;
  let isAsked = false;
  return () => {
    if (!isAsked) {
      answer = question();
      isAsked = true;
    }
    return answer;
  };
}

/** Such a question to the built-in. @param {function(Array): T} question @param {T} otherwise the answer where it cannot be asked @returns {function(): T} @template T */
function asked(question, otherwise) {
  return lazy(() => ask(question, otherwise));
}

const server = optionsOfServer();
const agent = unprinted(() => new builtin.Agent({ defaultPort: 1, proxyEnv: {} }));
const outgoing = new builtin.OutgoingMessage();
const outgoingWritten = ownSymbol(outgoing, 'kWritableFinished');
const { prototype: response } = builtin.ServerResponse;
const { prototype: incoming } = builtin.IncomingMessage;
const { prototype: request } = builtin.ClientRequest;
// Other runtimes have a parser of that name with other insides.
const parser = isNode ? ask(probes.askParser, { refusesManyFields: false, closesUnused: since(26, 4), listsIdleFirst: !since(26) }) : {};

// What a server keeps of its options, without the server. Other runtimes have no such function.
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

// Without a prototype it is a table from the start: the engine makes no hidden class for each further name.
const features = {
  __proto__: null,
  /** Other runtimes have modules of the same names with other insides: what is Node's alone is left out there. */
  isNode,

  /**
   * Whether what the built-in does is known: of a line that was tested, or because it has answered everything. On a line that is newer it is asked all, so that no connection is
   * read by the core before that is clear.
   */
  isKnown: lazy(() => knowsAll()),

  /**
   * An object whose prototype was changed shares its hidden class with no other once a property is added (V8 up to 12: until Node 24).
   * Nothing but time tells.
   */
  splitsClasses: isNode && !since(24),

  /** `server.listen({ reusePort: true })` shares a port (22.12, 23.1); earlier releases ignore it, and it cannot be seen of them that they do. */
  sharesPorts: !isNode || (since(22, 12) && (since(23, 1) || !since(23))),

  // ------------------------------------------------------------------------------------------------------ the agent
  /** An agent takes its default port and protocol from its options: that is how https gives them (22). */
  agentTakesDefaults: agent.defaultPort === 1,
  /** Milliseconds that agents take off a server's Keep-Alive hint by default; undefined where that is no option (22). */
  keepAliveBuffer: agent.agentKeepAliveTimeoutBuffer,
  /** Milliseconds that an agent takes off a server's Keep-Alive hint: none at first (20.9), then 1000 (20.20); undefined where it heeds none. */
  hintMargin: asked(probes.hintMargin, since(20) ? 1000 : undefined),
  /** What comes on an idle socket ends it without an event of its stream (22.23, 24.21). */
  guardsIdle: lazy(() => isNode && ask(probes.guardsIdle, false)),
  /**
   * The agent of https has a `keepSocketAlive()` of its own (22.23, 24.19, 26.6: the releases that refuse many fields). To look for it would load
   * https, and that before register may be loaded.
   */
  keepsTlsAlive: isNode && parser.refusesManyFields,
  /** The option `maxTotalSockets` is at least 1 (not 18.12); before, above 0. */
  limitsFromOne: asked(probes.limitsFromOne, true),
  /** A connection is opened with the timeout of the request, if that has one, not with the agent's (22). */
  connectsWithTimeout: asked(probes.connectsWithTimeout, since(22)),
  /** Where an agent keeps what its option `proxyEnv` says; undefined where it has none (22.21, 24.5). */
  kProxyConfig: ownSymbol(agent, 'kProxyConfig'),

  /** That a proxy has opened no tunnel, a request hears once, and of an error behind the 'timeout' (22.23, 24.15, 25.7). */
  tellsTunnelOnce: asked(probes.tellsTunnelOnce, since(24)),
  /** A kept socket gets the high-water mark that its next request names (24.21, 26.9). */
  marksKeptSockets: asked(probes.marksKeptSockets, since(26, 9)),
  /** Before a request goes to a proxy, its Host field is compared with its target (24.19, 26.5); then a request keeps its authority (24.21, 26.6; see `requestSymbols`). */
  checksAuthority: asked(probes.checksAuthority, since(26, 5)),

  // ----------------------------------------------------------------------------------------------------- the server
  /** The server asks a request's headers object for fields, so that it is built before the handler runs; not from 26.12 on. */
  asksHeaders: ask(probes.asksHeaders, !since(26, 12)),
  /** A server watches its connections from its making on, not from when it listens; `setupConnectionsTracking()` is given it (18.12). */
  watchesAtOnce: setupConnectionsTracking?.length === 1,
  /** Where no time is given for a head, it has no longer than the whole request (not 18.12); before, an equal time is out of range, too. */
  limitsHeadTime: asked(probes.limitsHeadTime, true),
  /** What a server does when a response has finished is one function for all connections (26.12). */
  sharesOnFinish: since(26, 12),
  /** The option `rejectNonStandardBodyWrites` (not 18.12). */
  refusesBodyWrites: 'rejectNonStandardBodyWrites' in server,
  /** Storing options sets `noDelay` among them (18). */
  storesNoDelay: asked(probes.storesNoDelay, false),
  /** A request of HTTP/1.1 without a Host field is refused (20). */
  requiresHost: 'requireHostHeader' in server,
  /** `server.close()` returns the server (20.19). */
  closeReturns: asked(probes.closeReturns, since(22)),
  /** `server.close()` closes idle connections too (19). */
  closesIdle: since(19),
  /** A connection that has never sent anything counts as idle, too (26.4). */
  closesUnused: parser.closesUnused,
  /** A list of connections has those first that are between two messages, then those whose message began first (to 25); else the oldest first. */
  listsIdleFirst: parser.listsIdleFirst,
  /** Responses that wait for their turn are destroyed when their connection closes (24.16, 26.1). To ask takes two requests. */
  destroysQueued: asked(probes.destroysQueued, since(26, 1)),
  /** With each change of what waits for its turn the response whose turn it is hears 'drain', if it waits for that (until 24.16, 26.1, which have `signal`). */
  drainsWithQueue: !('signal' in incoming),
  /** An idle connection is kept `keepAliveTimeoutBuffer` longer than announced (22.19, 24.6). */
  keepsLonger: 'keepAliveTimeoutBuffer' in server,
  /** It is kept a second longer, unless that option says otherwise (20.18, 22.9). */
  keepsSecondLonger: since(22, 9) || (major === 20 && minor >= 18),
  /** `shouldUpgradeCallback` decides about upgrades (22.21, 24.9). */
  asksBeforeUpgrade: 'shouldUpgradeCallback' in server,
  /** A second error on a socket that the listener of 'clientError' has left open makes a warning (18). */
  warnsUnclosed: !since(20),
  /** The body of a request that upgrades is its own: the other protocol begins behind it (26). */
  upgradesBehindBody: asked(probes.upgradesBehindBody, since(26)),
  /** 'upgrade' and 'connect' are emitted in the async context of the connection's requests (24). */
  upgradesInContext: since(24),
  /**
   * What AsyncLocalStorage.enterWith() sets lasts as long as the callback of the parser in which it is called; before, as long as the connection. (24)
   */
  entersEachCallback: since(24),
  /** Where a server keeps `optimizeEmptyRequests`; undefined where that is no option (24.12, 25.7). */
  kOptimizeEmpty: ownSymbol(server, 'OptimizeEmptyRequestsOption'),
  /** `httpValidation` says how strictly field values are looked at, in both directions (24). */
  choosesValidation: 'httpValidation' in server,

  // --------------------------------------------------------------------------------------------------- the messages
  /** A body that is not read and is empty ends by itself, without flowing (24.22, 26.9). */
  endsUnread: ask(probes.endsUnread, since(26, 9)),
  /** A message that was read to its end closes a tick earlier (24.22, 26.9). */
  closesAtOnce: ask(probes.closesAtOnce, since(26, 9)),
  /** `request.signal` (24.16, 26.1): at first aborted whenever the message closes, later only while the exchange lasts (24.21, 26.9). */
  hasSignal: 'signal' in incoming,
  detachesSignal: ownSymbol(incoming, 'kDetachAbortSignal') !== undefined,
  /** The option `joinDuplicateHeaders` (not 18.12). */
  joinsDuplicates: 'joinDuplicateHeaders' in server,
  /** A message without a body can be ended as if it had been read (24.12, 25.7). */
  dumpsAndCloses: '_dumpAndCloseReadable' in incoming,
  /** Chunks written while corked are sent as one (22): where a message keeps them, and their length. */
  kChunkedBuffer: ownSymbol(outgoing, 'kChunkedBuffer'),
  kChunkedLength: ownSymbol(outgoing, 'kChunkedLength'),
  /** A message is corked by a write until the turn is over (24.22, 26.9). */
  corksEachTurn: ask(probes.corksEachTurn, since(26, 9)),
  /**
   * A message is finished when its last byte is written, not when it is handed over, and callbacks of `end()` learn of a
   * failure (24): where it keeps that it is, those callbacks, and the failure.
   */
  kWritableFinished: outgoingWritten,
  kEndCallbacks: ownSymbol(outgoing, 'kEndCallbacks'),
  kFlushError: ownSymbol(outgoing, 'kFlushError'),
  /** A message that is destroyed and has no socket closes (24.16, 26.1). */
  closesUnsent: asked(probes.closesUnsent, since(26, 1)),
  /** A message that waits for room has it when its socket holds nothing (24.16, 26.1, not from 24.21 and 26.9 on), not when the socket takes what is flushed. */
  drainsWithSocket: asked(probes.drainsWithSocket, false),
  /** A stream that is destroyed forgets in a tick what it has not written (20.18; not 20.12); before, it goes on to count it. */
  forgetsUnwritten: since(20, 18),
  /** end() with data tells of an error on a message that is destroyed, too (18). */
  endTellsDestroyed: asked(probes.endTellsDestroyed, !since(20)),
  /** The callback of several writes that leave together is called with undefined, that of a single one without arguments (18). */
  tellsOfPieces: !since(20),
  /** writeHead() behind a head is refused; on 18 only where fields have been set, otherwise that is the head then, or a second one. */
  refusesSecondHead: since(20),
  /** A Content-Length field that is no number stays what it is in `_contentLength` (18.20, 20.9, 22.12; not 20.20, 22.23). */
  keepsLengthText: asked(probes.keepsLengthText, false),
  /** A head without a Connection field that was removed ends keep-alive for the message, too (18). */
  removedEndsKeepAlive: !since(20),
  /** writeHead() takes what stands behind a reason that is no string for the fields (not 18.12); else the reason, whatever it is. */
  takesLastFields: asked(probes.takesLastFields, true),
  /** A message of known length takes its Content-Disposition for UTF-8 bytes (not 18.12). */
  decodesDisposition: asked(probes.decodesDisposition, true),
  /** `_send()` tells `_writeRaw()` the length in bytes (not 18.12, where that itself counts them, behind the head). */
  tellsLength: builtin.OutgoingMessage.prototype._writeRaw.length > 3,
  /** A link of early hints has any parameters, or none (not 18.12); else it begins with `rel`, and one of few others may follow. */
  takesAnyLink: asked(probes.takesAnyLink, true),
  /** A name that a list of fields for writeHead() repeats keeps all its values (22). */
  keepsRepeated: since(22),
  /** setHeaders() sets all cookies together, behind the other fields (20); and an empty list of them, too (22). */
  setsCookiesLast: asked(probes.setsCookiesLast, since(20)),
  setsNoCookies: asked(probes.setsNoCookies, since(22)),
  /** `writeHeader()` is `writeHead()` with a warning (25); later there is none. */
  deprecatesWriteHeader: 'writeHeader' in response && response.writeHeader !== response.writeHead,
  /** 1xx responses are one function, which refuses to follow the head (24). */
  writesInformation: 'writeInformation' in response,

  // ----------------------------------------------------------------------------------------------------- the client
  /** `request.path` is an accessor that checks what it is given (24.15, 25.8). */
  checksPath: 'path' in request,
  /** Where those requests keep it, and where what proxies need to know. */
  requestSymbols: asked(probes.requestSymbols, { kPath: undefined, kAbsolute: undefined, kAuthority: undefined }),
  /**
   * An error of a socket is its request's from the call on that gives it the socket; such a socket is not new to the agent (24.15, 25.7).
   */
  hearsAtOnce: asked(probes.hearsAtOnce, since(25, 7)),
  /** A socket that a request gives back unused is rid of its listener of 'error' (24.16, 26.1: the releases that brought `request.signal`). */
  unhearsGivenUp: 'signal' in incoming,
  /** The error of a response that was cut short has what ended its connection as its cause (26.12). */
  tellsCause: asked(probes.keepsSocketError, since(26, 12)),
  /** The socket of a request that is destroyed when it is sent, and its answer has come, is not destroyed with it (26). */
  sparesSocket: asked(probes.sparesSocket, since(26)),
  /** What is a URL is told by its members, not by its class (20). */
  knowsUrlsByShape: asked(probes.knowsUrlsByShape, false),
  /** What creates a connection without an agent sees no path but that of a local socket (20.20; not 20.9), and before options without prototype where there is a URL (18.20). */
  hidesPath: asked(probes.hidesPath, since(20)),
  baresUrls: asked(probes.baresUrls, true),
  /** The target of CONNECT is its Host field, and in a URL it stands without the slash (26). */
  namesTarget: asked(probes.namesTarget, since(26)),
  /** The option `setDefaultHeaders` keeps anything from being added to a head (22.23, 24; not in 22.12). */
  leavesHeadersAlone: asked(probes.leavesHeadersAlone, since(24)),
  /** The option `highWaterMark` of a request counts for the request too (24.21, 26.9). */
  requestMark: asked(probes.requestMark, since(26, 9)),
  /** A function without a name is described by its type in error messages (18), an object of a class without one by itself (18, 24.22, 26.9). */
  describesFunctions: asked(probes.describesFunctions, !since(20)),
  describesObjects: asked(probes.describesObjects, since(26, 9)),
  /** The check of a field's name is told what to call it (not 18.12). */
  labelsNames: asked(probes.labelsNames, true),
  /** Of a long value, what is shown of it is cut, not the value itself (18). */
  cutsShown: asked(probes.cutsShown, !since(20)),

  // ---------------------------------------------------------------------------------------------- who looks at them
  /** Requests that fail are published (20.20, 22.12). */
  publishesErrors: asked(probes.publishesErrors, since(22)),
  /** Requests and responses that are made are published (22). */
  publishesCreation: since(22),

  // -------------------------------------------------------------------------------------------------- the transport
  /** Whether a connection has ended behind bytes that were there when it was reset; else the next read finds the reset (libuv 1.52). */
  endsAtHangUp: endsAtHangUp(),

  // ----------------------------------------------------------------------------------------------------- the parser
  /** The version of the parser whose dialect holds; see the table in src/parser. */
  llhttp: (process.versions.llhttp ?? '9.4').split('.').map(Number),
  /**
   * A request with more fields than `maxHeadersCount` is refused, its trailers counted apart; those of a response end at the limit
   * (22.23.3, 24.21, 26.10).
   */
  refusesManyFields: isNode && parser.refusesManyFields,
  /** A batch of fields in which the limit is reached is cut there; otherwise it is the last (22.23, 24.15, 25.7). */
  cutsBatches: lazy(() => isNode && ask(probes.cutsBatches, since(26))),
  /** The lenient flags that there are; the core knows all of them, a release may not. */
  lenientBits: ObjectKeys(builtin.HTTPParser).filter((key) => key.startsWith('kLenient'))
    .reduce((bits, key) => bits | builtin.HTTPParser[key], 0),
};

loaded();

// What was put off is asked now on a line that is newer.
function knowsAll() {
  if (isNewer) for (const [name, feature] of ObjectEntries(features)) if (typeof feature === 'function' && name !== 'isKnown') feature();
  return isUnderstood();
}

module.exports = features;
