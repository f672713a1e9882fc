'use strict';
// `http.setGlobalProxyFromEnv()`: proxies for all requests of the process that name no agent (Node 24.14).

const { Boolean, process } = require('./globals/primordials');
const { Agent: Builtin, globalAgentOptions, setGlobalProxyFromEnv: setBuiltin } = require('./compat/builtin');
const agents = require('./client/agent');
const { kProxyConfig } = require('./compat/node-features');
const { validateObject } = require('./util/validators');

/**
 * Makes the process's requests use the proxies that variables name: requests of http and https, and those of fetch().
 * @param {...object} proxyEnv at most one: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case; `process.env` by default
 * @returns {Function} restores the previous state
 * @throws ERR_INVALID_ARG_TYPE, ERR_PROXY_INVALID_CONFIG
 */
function setGlobalProxyFromEnv(...[proxyEnv = process.env]) {
  validateObject(proxyEnv, 'proxyEnv');
  const https = require('./https');
  const before = { http: agents.globalAgent, https: https.globalAgent };
  const restoreBuiltin = setBuiltin(proxyEnv);
  const isNamed = (protocol) => Boolean(new Builtin({ proxyEnv, protocol })[kProxyConfig]);
  const named = { http: isNamed('http:'), https: isNamed('https:') };
  if (!named.http && !named.https) return () => {};
  if (named.http) agents.globalAgent = new agents.Agent({ ...globalAgentOptions, proxyEnv });
  if (named.https) https.globalAgent = new https.Agent({ ...globalAgentOptions, proxyEnv });
  return function restore() {
    restoreBuiltin();
    agents.globalAgent = before.http;
    https.globalAgent = before.https;
  };
}

module.exports = { setGlobalProxyFromEnv };
