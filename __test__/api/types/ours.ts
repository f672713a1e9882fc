// What rust-http adds to node:http.

import http, { Agent, createServer, request, Server, type ClientTimings, type ClientTimingsMessage, type CountingAgent, type DrainOptions, type DrainResult, type RequestOptions, type ServerOptions, type ServerStats, type ServerTimings, type ServerTimingsMessage, type Transport } from 'rust-http';
import https from 'rust-http/https';
import 'rust-http/register';

const transport: Transport = 'native';
const options: ServerOptions = { transport, strict: true };
const strictly: RequestOptions = { strict: true };
request('http://localhost', strictly, (res) => res.resume()).end();
http.get({ host: 'localhost', strict: false });
https.createServer({ strict: true }, (_req, res) => res.end());
https.get('https://localhost', { strict: true });
createServer(options, (_req, res) => res.end());
http.createServer({ transport: 'stream', bodyLimit: 1024 }).close();
https.createServer({ bodyLimit: Infinity, maxConnectionsPerAddress: 10, maxPipelined: 10 }).close();
http.createServer({ minBodyRate: { bytesPerSecond: 500, grace: 1000 } }).stats().limits.minBodyRate.toFixed();
const server = new Server({ transport: undefined });
const { attached, streamed }: ServerStats = server.stats();
const patience: DrainOptions = { timeout: 1000, signal: new AbortController().signal, idle: 0, upgraded: true };
const drained: Promise<DrainResult> = server.drain(patience);
drained.then(({ reason, cut }) => console.log(reason === 'timeout', cut));
https.createServer().drain().then(({ open }) => console.log(open));
const { connections: { idle }, parseErrors } = new http.Agent().stats();
console.log(idle, parseErrors.HPE_INVALID_CONSTANT, (http.globalAgent as CountingAgent).stats().reused, (https.globalAgent as https.Agent & CountingAgent).stats().stale);
class Mine extends http.Agent {
  name = this.stats().requests;
}
const plain: http.Agent = new Mine();
console.log(plain, http.Agent.defaultMaxListeners, http.Agent.prototype.stats);
console.log(https.createServer().stats().requests, new https.Agent().stats().waiting);
const used: Transport = server.transport;
const agent = new Agent({ keepAlive: true, transport });
request({ agent }).end();
new Agent({ maxSocketAge: 60_000, maxRequestsPerSocket: 1000 }).stats().expired.toFixed();
new https.Agent({ keepAlive: true, maxSocketAge: 60_000, retries: 1 }).destroy();
new Agent({ retries: 2 }).stats().retried.toFixed();
request({ agent: new http.Agent({ transport: 'stream' }) }).end();
const times: ClientTimings = request({ timing: true }).end().timings;
console.log(times.queue?.toFixed(), http.get('http://localhost', { timing: true }).timings.lookup, https.get({ timing: true }).timings.secure);
createServer({ timing: true }, (req, res) => res.end(`${req.timings.head}`)).close();
https.createServer({ timing: true }, ({ timings }: { timings: ServerTimings }, res) => res.end(`${timings.answered} ${timings.flushed}`)).close();
new Agent({ timing: true }).destroy();
new https.Agent({ timing: false }).destroy();
const message = { timings: times } as ClientTimingsMessage | ServerTimingsMessage;
console.log(message.request, message.response);
console.log(attached, streamed.upgrade, used);
http.createClient(80, 'localhost').request('GET', '/', { a: 'b' }).end();

// @ts-expect-error there is no such transport
createServer({ transport: 'other' });
// @ts-expect-error nor for an agent
new Agent({ transport: 'other' });
// @ts-expect-error strict is true or false
request({ strict: 'very' });
