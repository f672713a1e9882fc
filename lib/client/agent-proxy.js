'use strict';

/**
 * Requests through a proxy: the option `proxyEnv` of agents, and `http.setGlobalProxyFromEnv()` (Node 22.21 and 24.5).
 *
 * The running Node decides which proxy the variables name, and which hosts need none: a hidden agent of the built-in class reads
 * the option, and its result is kept where node's own https agent looks for it. This module decides how such a request is written.
 */

const { ArrayIsArray, Boolean, URL } = require('../globals/primordials');
const { Agent: Builtin } = require('../compat/builtin');
const { hostField } = require('./options');
const { codes } = require('../util/errors');
const { checksAuthority, kProxyConfig } = require('../compat/node-features');
const { ownSymbol } = require('../compat/own-symbol');
const { validatePort } = require('../util/validators');

/**
 * Reads the option `proxyEnv`. Does nothing without it, or in releases that do not have it.
 * @param {Agent} agent with its options, protocol and default port
 */
function chooseProxy(agent) {
  const { proxyEnv } = agent.options;
  if (kProxyConfig === undefined || typeof proxyEnv !== 'object' || proxyEnv === null) return;
  agent[kProxyConfig] = new Builtin({ proxyEnv, protocol: agent.protocol, defaultPort: agent.defaultPort })[kProxyConfig] ?? null;
}

/**
 * @param {any} agent of http or https
 * @returns {boolean} whether it was told of a proxy
 */
function hasProxy(agent) {
  return kProxyConfig !== undefined && Boolean(agent[kProxyConfig]);
}

/**
 * @param {Agent} agent
 * @param {{host: string, port: number|string, socketPath?: string}} options of a request
 * @returns {object|null} the configuration of its proxy; null if the request needs none
 */
function proxyOf(agent, options) {
  const config = agent ? agent[kProxyConfig] : undefined;
  if (!config || options.socketPath || !config.shouldUseProxy(options.host, options.port)) return null;
  return config;
}

/**
 * Rewrites a plain request for a proxy before its head is made: RFC 9112 section 3.2.2, "the client MUST send the target URI in
 * absolute-form". A request over TLS goes through a tunnel unchanged.
 * @param {ClientRequest} req with its fields
 * @param {object} options of the request, complete
 * @param {*} givenHost the Host field that the program has set, if any
 * @returns {string|null} the new request target; null if it does not change
 */
function rewriteForProxy(req, options, givenHost) {
  const { agent, method, path } = req;
  const config = proxyOf(agent, options);
  if (config === null || agent.protocol === 'https:') return null;
  if (config.auth) req.setHeader('proxy-authorization', config.auth);
  req.setHeader('proxy-connection', req.shouldKeepAlive ? 'keep-alive' : 'close');
  if (!checksAuthority()) return targetByField(req, options);
  if (method === 'CONNECT' || (method === 'OPTIONS' && path === '*')) return null;
  const authority = authorityOf(options);
  if (ArrayIsArray(options.headers)) checkList(options.headers, authority);
  else if (givenHost !== undefined) checkHost(givenHost, authority);
  const named = req.getHeader('host');
  if (named !== undefined && named !== authority) req.setHeader('Host', authority);
  const asked = `${path}`;
  return asked.startsWith('/') ? new URL(`http://${authority}${asked}`).href : checkedTarget(asked, authority);
}

// In earlier releases the field names the target's host, and a path that begins with two slashes names another.
function targetByField(req, options) {
  const target = new URL(req.path, `http://${req.getHeader('host') || 'localhost'}`);
  target.port = options.port;
  return target.href;
}

/**
 * The authority of a request's URL: host and port.
 * @param {any} options
 */
function authorityOf({ host, port }) {
  validatePort(port, 'options.port');
  const url = new URL(`http://${hostField(host)}`);
  url.port = port;
  return url.host;
}

// The proxy reads the target, the origin server reads the field: both must name the same host.

function checkHost(field, authority) {
  const url = parse(`http://${field}`);
  if (url === null || url.host !== authority || url.href !== `http://${authority}/`) throw anotherHost(field, authority);
}

function checkList(headers, authority) {
  const found = ArrayIsArray(headers[0]) ? hostsOfPairs(headers) : headers.filter((value, n) => n % 2 === 1 && isHost(headers[n - 1]));
  refuseSecond(found);
  if (found.length === 1 && `${found[0]}` !== authority) throw anotherHost(`${found[0]}`, authority);
}

function refuseSecond(found) {
  if (found.length > 1) throw new codes.ERR_INVALID_ARG_VALUE('options.headers', '(redacted)', 'must not contain duplicate Host headers');
}

function hostsOfPairs(headers) {
  const found = [];
  for (let n = 0; n < headers.length; n++) {
    const pair = headers[n];
    if (!ArrayIsArray(pair)) {
      throw new codes.ERR_INVALID_ARG_VALUE(`options.headers[${n}]`, typeof pair, 'must be an array when headers is passed as an array of pairs');
    }
    if (isHost(pair[0])) found.push(pair[1]);
    refuseSecond(found);
  }
  return found;
}

function isHost(name) {
  return `${name}`.toLowerCase() === 'host';
}

function anotherHost(field, authority) {
  return new codes.ERR_INVALID_ARG_VALUE('Host in options.headers', field, `must match the request authority (${authority})`);
}

function checkedTarget(path, authority) {
  const refuse = (value, reason) => new codes.ERR_INVALID_ARG_VALUE('options.path', value, reason);
  const target = parse(path);
  if (target === null) throw refuse(path, 'must be in absolute-form or start with /');
  if (target.username || target.password) {
    target.username = target.password = '';
    throw refuse(target.href, 'must not contain userinfo, use options.auth instead');
  }
  if (target.protocol !== 'http:') throw refuse(target.protocol, 'must use http: scheme when specified as an absolute URL');
  if (target.host !== authority) throw refuse(target, `must match the request authority (${authority})`);
  return target.href;
}

function parse(url) {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

/**
 * @param {Agent} agent
 * @param {stream.Duplex} socket returned by createConnection()
 * @returns {boolean} whether it is the connection to a proxy: then the callback gets the tunnel through it
 */
function waitsForTunnel(agent, socket) {
  if (!hasProxy(agent)) return false;
  const waits = ownSymbol(socket, 'kWaitForProxyTunnel');
  return waits !== undefined && Boolean(socket[waits]);
}

/**
 * @param {Failure} error why there is no socket
 * @returns {boolean} whether a proxy has opened no tunnel: the agent then emits the error on the request at once
 */
function isTunnelError(error) {
  return kProxyConfig !== undefined && error.code === 'ERR_PROXY_TUNNEL';
}

module.exports = { __proto__: null, chooseProxy, hasProxy, isTunnelError, rewriteForProxy, waitsForTunnel };
