// A program written for node:http. MODULE is replaced by the module under test; what stands between the lines `only` is for ours.

import http, { createServer, request, get, Agent, Server, IncomingMessage, ServerResponse, ClientRequest, OutgoingMessage } from 'MODULE';
import type { RequestListener, ServerOptions, RequestOptions, AgentOptions, IncomingHttpHeaders, OutgoingHttpHeaders } from 'MODULE';
import * as everything from 'MODULE';
import https, { createServer as createSecureServer } from 'MODULEs';
import type * as builtin from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

class Req extends IncomingMessage {
  id = 5;
}
class Res extends ServerResponse<Req> {
  json(value: unknown): this {
    return this.end(JSON.stringify(value));
  }
}

const listener: RequestListener = (req, res) => {
  const headers: IncomingHttpHeaders = req.headers;
  const cookies: string[] | undefined = headers['set-cookie'];
  res.setHeader('X-A', cookies ?? 'none').writeHead(200, 'OK', { 'Content-Type': 'text/plain' }).end(req.url);
};

const options: ServerOptions<typeof Req, typeof Res> = { IncomingMessage: Req, ServerResponse: Res, keepAlive: true, maxHeaderSize: 100 };
const typed = createServer(options, (req, res) => {
  const id: number = req.id;
  res.json({ id });
});
const plain: Server = createServer(listener);
const other: http.Server = new http.Server({ requestTimeout: 1000 }, listener);
other.on('clientError', (error: Error, socket) => socket.destroy(error));
other.on('upgrade', (req: IncomingMessage, socket, head: Buffer) => socket.end(head));
plain.listen(0, () => {
  const { port } = plain.address() as AddressInfo;
  console.log(port, plain.maxHeadersCount, plain.headersTimeout, plain.keepAliveTimeout);
});

const agentOptions: AgentOptions = { keepAlive: true, scheduling: 'fifo', maxTotalSockets: 3 };
const agent = new Agent(agentOptions);
const requestOptions: RequestOptions = { agent, method: 'POST', headers: ['a', 'b'], timeout: 5, setHost: false };
const req: ClientRequest = request('http://localhost', requestOptions, (res) => {
  const status: number | undefined = res.statusCode;
  console.log(status, res.trailers, res.rawTrailers);
});
req.on('socket', (socket: Socket) => socket.setNoDelay());
req.on('information', (info) => console.log(info.statusCode));
const fields: OutgoingHttpHeaders = req.getHeaders();
const message: OutgoingMessage = req;
message.write('x', 'utf8', (error) => console.log(error, fields));
get(new URL('http://localhost'), { agent: false }).setTimeout(5, () => {}).end();
http.globalAgent.maxSockets = 5;
everything.validateHeaderName('a');
const all: readonly string[] = everything.METHODS;
const text: string | undefined = http.STATUS_CODES[404];
createSecureServer({ key: '', cert: '' }, listener).listen(0);
https.get('https://localhost', { agent: new https.Agent({ maxCachedSessions: 1 }) });

// Our objects are taken where those of node:http are asked for; messages and agents the other way round too.
function forBuiltin(server: builtin.Server, sent: builtin.ClientRequest, pool: builtin.Agent): void {
  const ours: ClientRequest = sent;
  const mine: Agent = pool;
  console.log(server.listening, ours.path, mine.maxSockets);
}
forBuiltin(plain, req, agent);

// @ts-expect-error a port is no string of letters
createServer({ maxHeaderSize: 'many' });
// @ts-expect-error there is no such member
http.createServers();

console.log(typed, all, text);
