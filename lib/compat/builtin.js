'use strict';

/**
 * node's own http modules, captured when the first file of this package is loaded: before `register` writes our members over their
 * exports. All of node's own classes, symbols and settings are taken from here.
 *
 * Only classes and functions are kept, by value: the exports objects themselves may be patched later.
 */

const { ObjectFromEntries, ObjectGetOwnPropertyDescriptor, ObjectKeys } = require('../globals/primordials');
const { http } = require('./genuine');
const outgoing = require('node:_http_outgoing');
const common = require('node:_http_common');

/** node's own OutgoingMessage constructor. */
const OutgoingMessage = outgoing.OutgoingMessage;
/** node's own ServerResponse constructor. */
const ServerResponse = http.ServerResponse;
/** node's own IncomingMessage constructor. */
const IncomingMessage = http.IncomingMessage;
/** node's own ClientRequest constructor. */
const ClientRequest = http.ClientRequest;
/** node's own Server constructor. */
const Server = http.Server;
/** node's own Agent constructor. */
const Agent = http.Agent;

/** The symbols that node's `_http_outgoing` exports; undefined if the running release has none. */
const exportedSymbols = {
  kHighWaterMark: outgoing.kHighWaterMark,
  kUniqueHeaders: outgoing.kUniqueHeaders,
};

/** The names that `http` exports, in their order. */
const exportedNames = ObjectKeys(http);

/** Whether the process was started with --insecure-http-parser; node itself warns the first time that this is true. */
const isLenient = common.isLenient;

/** The limit of a message head in bytes, by --max-http-header-size or node's default. */
const maxHeaderSize = http.maxHeaderSize;

/** node's own HTTPParser, for the numbers of types, slots and lenient flags. */
const HTTPParser = common.HTTPParser;

/** The options of node's own globalAgent, which differ between releases. */
const globalAgentOptions = { ...http.globalAgent.options };

/** node's own function, which also sets what is not ours to replace: the dispatcher of fetch(). Undefined before Node 24. */
const { setGlobalProxyFromEnv } = http;

/** node's own check of a field name. */
const { validateHeaderName } = http;

/** The re-exports of fetch's web sockets (Node 22), as descriptors: reading one loads them all. */
const webSockets = ObjectFromEntries(['WebSocket', 'CloseEvent', 'MessageEvent']
  .filter((name) => name in http).map((name) => [name, ObjectGetOwnPropertyDescriptor(http, name)]));

/** Functions of later releases (26.12) that do not concern connections, or that ours would do in the same way. */
const helpers = ObjectFromEntries(['isValidHeaderName', 'isValidHeaderValue', 'websocketMask', 'websocketUnmask']
  .filter((name) => name in http).map((name) => [name, http[name]]));

module.exports = {
  __proto__: null,
  Agent,
  ClientRequest,
  HTTPParser,
  IncomingMessage,
  OutgoingMessage,
  Server,
  ServerResponse,
  exportedNames,
  exportedSymbols,
  globalAgentOptions,
  helpers,
  isLenient,
  maxHeaderSize,
  setGlobalProxyFromEnv,
  validateHeaderName,
  webSockets,
};
