'use strict';

// Agents built on http.Agent: agentkeepalive, agent-base, proxy-agent and related packages.

const http = require(process.argv[2]);
const fs = require('node:fs');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const { once } = require('node:events');
const { Agent: BaseAgent } = require('agent-base');
const KeepAliveAgent = require('agentkeepalive');
const { HttpProxyAgent } = require('http-proxy-agent');
const { HttpsProxyAgent } = require('https-proxy-agent');
const { ProxyAgent } = require('proxy-agent');
const serve = require('./serve');

const ca = fs.readFileSync(path.join(__dirname, '../../../fixtures/tls/cert.pem'));

async function get(url, agent) {
  const module = url.startsWith('https:') ? https : http;
  const req = module.get(url, { agent, ca });
  const [res] = await once(req, 'response');
  const parts = [];
  for await (const part of res) parts.push(part);
  return { status: res.statusCode, text: Buffer.concat(parts).toString(), reused: req.reusedSocket };
}

async function twice(url, agent) {
  const first = await get(url, agent);
  const second = await get(url, agent);
  agent.destroy();
  return [first, second];
}

class CountingAgent extends BaseAgent {
  connects = 0;

  async connect(req, options) {
    this.connects++;
    await null;
    return net.connect(options);
  }
}

serve(http, {
  async agentkeepalive(url, times) {
    const agent = new KeepAliveAgent({ maxSockets: 2, freeSocketTimeout: 5000 });
    const statuses = [];
    for (let i = 0; i < times; i++) statuses.push((await get(url, agent)).status);
    const before = agent.getCurrentStatus();
    agent.destroy();
    return { statuses, created: before.createSocketCount, requests: before.requestCount };
  },

  async agentkeepaliveFreeTimeout(url, wait) {
    const agent = new KeepAliveAgent({ freeSocketTimeout: 50 });
    await get(url, agent);
    await new Promise((resolve) => setTimeout(resolve, wait));
    const { timeoutSocketCount, freeSockets } = agent.getCurrentStatus();
    const again = await get(url, agent);
    agent.destroy();
    return { timeoutSocketCount, free: Object.keys(freeSockets).length, again: again.status };
  },

  async agentkeepaliveTimeout(url) {
    const agent = new KeepAliveAgent({ timeout: 100 });
    try {
      return await get(url, agent);
    } finally {
      agent.destroy();
    }
  },

  async agentBase(url, keepAlive) {
    const agent = new CountingAgent({ keepAlive, maxSockets: 1 });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push(await get(url, agent));
    const { connects } = agent;
    agent.destroy();
    // sockets are counted until their 'close'
    while (agent.totalSocketCount > 0) await new Promise(setImmediate);
    return { connects, statuses: answers.map((a) => a.status) };
  },

  async agentBaseFails(url) {
    const agent = new CountingAgent();
    agent.connect = async () => {
      throw Object.assign(new Error('no way'), { code: 'ENOWAY' });
    };
    return get(url, agent);
  },

  httpProxy: (url, proxy) => twice(url, new HttpProxyAgent(proxy, { keepAlive: true })),
  connectProxy: (url, proxy) => twice(url, new HttpsProxyAgent(proxy, { keepAlive: true })),
  proxyAgent: (url, proxy) => twice(url, new ProxyAgent({ getProxyForUrl: () => proxy })),
});
