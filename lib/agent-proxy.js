'use strict';

/**
 * Requests by way of a proxy: the option `proxyEnv` of agents, and `http.setGlobalProxyFromEnv()` (Node 22.21 and 24.5).
 *
 * Which proxy the variables name, and which hosts go without one, is the running Node's to say: a hidden agent of the
 * built-in class reads the option, and its answer is kept where node's own https agent looks for it. How such a request
 * is written is said here.
 */

const { Agent: Builtin } = require('./builtin');
const { hostField } = require('./client-options');
const { codes } = require('./errors');
const { checksAuthority, kProxyConfig } = require('./lines');

/**
 * Reads the option `proxyEnv`; nothing happens without it, and before the releases that have it.
 * @param {Agent} agent with its options, protocol and default port
 */
function chooseProxy(agent) {
  const { proxyEnv } = agent.options;
  if (kProxyConfig === undefined || typeof proxyEnv !== 'object' || proxyEnv === null) return;
  agent[kProxyConfig] = new Builtin({ proxyEnv, protocol: agent.protocol, defaultPort: agent.defaultPort })[kProxyConfig] ?? null;
}

/**
 * @param {Agent} agent
 * @param {{host: string, port: number|string, socketPath?: string}} options of a request
 * @returns {object|null} what is known of its proxy; null when it goes without
 */
function proxyOf(agent, options) {
  const config = agent ? agent[kProxyConfig] : undefined;
  if (!config || options.socketPath || !config.shouldUseProxy(options.host, options.port)) return null;
  return config;
}

/**
 * Rewrites a plain request for a proxy: RFC 9112 section 3.2.2, "the client MUST send the target URI in absolute-form". A
 * request over TLS goes through a tunnel as it is.
 * @param {ClientRequest} req with its fields
 * @param {object} options of the request, complete
 * @param {number} defaultPort
 * @returns {string|null} the new request target; null when it stays
 */
function rewriteForProxy(req, options, defaultPort) {
  const { agent } = req;
  const config = proxyOf(agent, options);
  if (config === null || agent.protocol === 'https:') return null;
  // A list of fields is the whole head, for a proxy too.
  if (!Array.isArray(options.headers)) {
    if (config.auth) req.setHeader('proxy-authorization', config.auth);
    req.setHeader('proxy-connection', agent.keepAlive ? 'keep-alive' : 'close');
  }
  if (req.method === 'CONNECT') return null;
  if (checksAuthority) {
    const authority = hostField(options.host, options.port, defaultPort);
    checkAuthority(req, options, authority);
    return req.method === 'OPTIONS' && req.path === '*' ? null : new URL(req.path, `http://${authority}`).href;
  }
  const named = req.getHeader('host');
  const host = typeof named === 'string' ? named.replace(/:\d*$/, '') : hostField(options.host, undefined, undefined);
  const target = new URL(req.path, `http://${host}`);
  target.port = +options.port === defaultPort ? '' : options.port;
  return target.href;
}

// The proxy goes by the target, the origin by the field: they have to name one host.
function checkAuthority(req, options, authority) {
  const field = Array.isArray(options.headers) ? hostOfList(options.headers) : req.getHeader('host');
  if (field !== undefined && field !== authority) {
    throw new codes.ERR_INVALID_ARG_VALUE('Host in options.headers', field, `must match the request authority (${authority})`);
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(req.path)) return;
  const target = new URL(req.path);
  if (target.host !== authority) {
    throw new codes.ERR_INVALID_ARG_VALUE('options.path', target, `must match the request authority (${authority})`);
  }
}

function hostOfList(headers) {
  for (let n = 0; n < headers.length; n += 2) {
    if (`${headers[n]}`.toLowerCase() === 'host') return headers[n + 1];
  }
  return undefined;
}

/**
 * @param {Agent} agent
 * @param {stream.Duplex} socket what its createConnection() answered
 * @returns {boolean} whether that is the connection to a proxy: the tunnel through it is handed to the callback
 */
function waitsForTunnel(agent, socket) {
  return kProxyConfig !== undefined && Boolean(agent[kProxyConfig]) &&
    Object.getOwnPropertySymbols(socket).some((symbol) => symbol.description === 'kWaitForProxyTunnel' && socket[symbol]);
}

module.exports = { chooseProxy, rewriteForProxy, waitsForTunnel };
