'use strict';
// Metrics for Prometheus.   node examples/prometheus/server.js, then curl its /metrics
// With `-r rust-http/register`, require('node:http') works too.

const { Registry } = require('prom-client');
const http = require(process.env.HTTP_MODULE ?? 'rust-http');
const { addAgentMetrics, addServerMetrics, addTimings } = require('./metrics');

const agent = new http.Agent({ keepAlive: true });
const registry = new Registry();

const server = http.createServer(async (req, res) => {
  if (req.url === '/metrics') {
    res.setHeader('Content-Type', registry.contentType);
    res.end(await registry.metrics());
  } else if (req.url === '/self') {
    // Something for the agent to do.
    http.get({ port: server.address().port, host: '127.0.0.1', agent, path: '/' }, (answer) => answer.pipe(res));
  } else {
    res.end('Hello World\n');
  }
});

addServerMetrics(registry, server);
addAgentMetrics(registry, agent);
addTimings(registry);
server.listen(process.env.PORT ?? 3000, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
