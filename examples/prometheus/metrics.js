'use strict';
// The statistics of servers and agents, as metrics of prom-client. They are read only when the metrics are requested.

const { channel } = require('node:diagnostics_channel');
const { Counter, Gauge, Histogram } = require('prom-client');

// name, help, and the value from the stats: a number, or numbers by the value of one label
const ofServers = [
  ['http_server_connections', 'Open connections', Gauge, ({ connections: { idle, active } }) => ({ idle, active }), 'state'],
  ['http_server_connections_total', 'Connections accepted', Counter, ({ connections }) => connections.accepted],
  ['http_server_requests_total', 'Requests', Counter, ({ requests }) => requests],
  ['http_server_bytes_total', 'Bytes of connections', Counter, ({ bytesRead, bytesWritten }) => ({ read: bytesRead, written: bytesWritten }), 'direction'],
  ['http_server_errors_total', 'Errors of connections', Counter, ({ parseErrors, otherErrors }) => ({ ...parseErrors, ...otherErrors }), 'code'],
  ['http_server_limits_total', 'Limits that peers have met', Counter, ({ limits }) => limits, 'limit'],
  ['http_server_transport_returns_total', 'Connections given back to their streams', Counter, ({ streamed }) => streamed, 'reason'],
];
const ofAgents = [
  ['http_client_connections', 'Open connections', Gauge, ({ connections: { idle, active } }) => ({ idle, active }), 'state'],
  ['http_client_connections_total', 'Connections opened', Counter, ({ connections }) => connections.opened],
  ['http_client_waiting_requests', 'Requests that wait for a connection', Gauge, ({ waiting }) => waiting],
  ['http_client_requests_total', 'Requests that got a connection', Counter, ({ requests }) => requests],
  ['http_client_reused_total', 'Requests that got a kept connection', Counter, ({ reused }) => reused],
  ['http_client_stale_total', 'Kept connections that had gone bad', Counter, ({ stale }) => stale],
  ['http_client_retried_total', 'Requests that were sent again', Counter, ({ retried }) => retried],
  ['http_client_bytes_total', 'Bytes of connections', Counter, ({ bytesRead, bytesWritten }) => ({ read: bytesRead, written: bytesWritten }), 'direction'],
  ['http_client_errors_total', 'Errors of requests', Counter, ({ parseErrors, otherErrors }) => ({ ...parseErrors, ...otherErrors }), 'code'],
  ['http_client_transport_returns_total', 'Connections given back to their streams', Counter, ({ streamed }) => streamed, 'reason'],
];

function addMetrics(registry, table, source) {
  for (const [name, help, Metric, read, label] of table) {
    new Metric({
      name, help, registers: [registry], labelNames: label === undefined ? [] : [label],
      collect() {
        const numbers = read(source.stats());
        this.reset();
        if (label === undefined) this.inc(numbers);
        else for (const [value, number] of Object.entries(numbers)) this.inc({ [label]: value }, number);
      },
    });
  }
}

/** Adds the metrics of a server to a registry. */
function addServerMetrics(registry, server) {
  addMetrics(registry, ofServers, server);
}

/** Adds the metrics of an agent to a registry. */
function addAgentMetrics(registry, agent) {
  addMetrics(registry, ofAgents, agent);
}

// What a stage is measured from, if that was reached; otherwise from the stage before it.
const stages = {
  server: [['head'], ['body', 'head'], ['answered', 'head'], ['flushed', 'answered']],
  client: [['queue'], ['lookup', 'queue'], ['connect', 'lookup', 'queue'], ['secure', 'connect'], ['sent', 'secure', 'connect', 'queue'], ['firstByte', 'sent', 'queue'], ['done', 'firstByte']],
};

/**
 * Adds histograms of the time that requests spend in each stage, for all servers and clients. This costs something for
 * each request.
 */
function addTimings(registry) {
  for (const [side, table] of Object.entries(stages)) {
    const histogram = new Histogram({
      name: `http_${side}_stage_seconds`, help: `Time in each stage of requests (${side})`, registers: [registry], labelNames: ['stage'],
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    });
    const duration = new Histogram({
      name: `http_${side}_duration_seconds`, help: `Time from the beginning of a request to the end of its answer (${side})`, registers: [registry], labelNames: ['method', 'status'],
    });
    const last = table.at(-1)[0];
    channel(`rust-http.${side}.timings`).subscribe(({ request, response, timings }) => {
      for (const [stage, ...before] of table) {
        if (timings[stage] === null) continue;
        const from = before.find((name) => timings[name] !== null);
        // An early answer is sent before its body has come.
        histogram.observe({ stage }, Math.max(0, timings[stage] - (from === undefined ? 0 : timings[from])) / 1000);
      }
      if (timings[last] !== null) duration.observe({ method: request.method, status: response.statusCode }, timings[last] / 1000);
    });
  }
}

module.exports = { addAgentMetrics, addServerMetrics, addTimings };
