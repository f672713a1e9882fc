'use strict';

/**
 * The genuine built-in http modules, captured the first time any file of this package is loaded, that is: before
 * `register` puts our own members onto their exports. The one place to take node's own classes, symbols and settings from.
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

/** The symbols that node's `_http_outgoing` exports; undefined where the running version has none. */
const exportedSymbols = {
  kHighWaterMark: outgoing.kHighWaterMark,
  kUniqueHeaders: outgoing.kUniqueHeaders,
};

/** The names that `http` exports, in their order. */
const exportedNames = ObjectKeys(http);

/** Whether the process was started with --insecure-http-parser; node itself warns the first time that it is true. */
const isLenient = common.isLenient;

/** The limit of a message head in bytes, as --max-http-header-size and node's default give it. */
const maxHeaderSize = http.maxHeaderSize;

/** node's own HTTPParser: where the numbers of types, slots and lenient flags come from. */
const HTTPParser = common.HTTPParser;

/** The options of node's own globalAgent, which are not the same in every version. */
const globalAgentOptions = { ...http.globalAgent.options };

/** node's own functions that also reach what is not ours to replace: the dispatcher of fetch(). Undefined before Node 24. */
const { setGlobalProxyFromEnv } = http;

/** node's own check of the name of a field. */
const { validateHeaderName } = http;

/** The re-exports of fetch's web sockets (Node 22): descriptors, as reading one loads them all. */
const webSockets = ObjectFromEntries(['WebSocket', 'CloseEvent', 'MessageEvent']
  .filter((name) => name in http).map((name) => [name, ObjectGetOwnPropertyDescriptor(http, name)]));

/** Functions of later releases that have nothing to do with connections (26.12), or that ours would do in the same way. */
const helpers = ObjectFromEntries(['isValidHeaderName', 'isValidHeaderValue', 'websocketMask', 'websocketUnmask']
  .filter((name) => name in http).map((name) => [name, http[name]]));

module.exports = {
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
