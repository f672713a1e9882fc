/// <reference types="node" />

import * as http from 'node:http';

export * from 'node:http';

/**
 * How the connections of a server or an agent are read and written: `'native'` by the core, for plain TCP and pipe sockets;
 * `'offload'` (servers only) by the core in threads of its own; `'stream'` by the streams of `net.Socket` alone. Bytes, events and
 * errors are the same.
 */
export type Transport = 'stream' | 'native' | 'offload';

/** How often each error occurred, by code. */
export interface ErrorStats {
  /** Messages that could not be parsed: `HPE_INVALID_METHOD`, `HPE_HEADER_OVERFLOW` and the like. */
  parseErrors: Record<string, number>;
  /** Everything else: `ECONNRESET`, `ECONNREFUSED`, `ERR_HTTP_REQUEST_TIMEOUT` and the like. */
  otherErrors: Record<string, number>;
}

/** How connections were read. */
export interface TransportStats {
  /** The transport in use: `'native'` and `'offload'` only where the platform and the runtime support them. */
  transport: Transport;
  /** Connections that the core itself has read; for an agent, from their second request on. */
  attached: number;
  /** Now: connections that the core itself reads. */
  open: number;
  /**
   * How many connections stayed with, or were given back to, their streams, by reason: 'upgrade' (or CONNECT), 'data listener',
   * 'readable listener', 'read' (also pipe and async iteration), 'replaced method' (net.Socket's write was replaced), 'handle'
   * (something took the handle below the socket), 'changed socket' (the program read or changed it before we got it), 'no plain
   * socket' (TLS, any other Duplex); for an agent also 'paused' (a response was not read as fast as it came), 'full' (a request was
   * not taken as fast as it was written) and 'bytes without request'. Empty with the transport 'stream'.
   */
  streamed: Record<string, number>;
}

/**
 * The result of `server.stats()`: sums since the server was made, except where it says "now". Calling it takes time in proportion
 * to the open connections; counting costs nothing measurable.
 */
export interface ServerStats extends ErrorStats, TransportStats {
  connections: {
    /** Connections that the server began to serve. */
    accepted: number;
    /** Now. Without those that another protocol has taken over. */
    open: number;
    /** Now: those without a request, arriving or unanswered. */
    idle: number;
    /** Now: all other open connections. */
    active: number;
    /** Those that an 'upgrade' or 'connect' listener took over; what happens on them afterwards is not counted. */
    handedOver: number;
  };
  /** Complete request heads without an error. */
  requests: number;
  /** Of these, requests with a fixed answer: see `respond()`. */
  fixedAnswers: number;
  /** As `socket.bytesRead` counts them; 0 for streams without it. */
  bytesRead: number;
  /** As `socket.bytesWritten` counts them; 0 for streams without it. */
  bytesWritten: number;
  limits: LimitStats;
}

/** How often each limit of `ServerLimits` was reached. */
export interface LimitStats {
  /** Bodies that were refused. */
  bodyLimit: number;
  /** Bodies that were too slow. */
  minBodyRate: number;
  /** Connections that were closed at once. */
  maxConnectionsPerAddress: number;
  /** Connections that pipelined too many requests. */
  maxPipelined: number;
  /** Connections of trusted proxies that began without a header, with a malformed one, or too late. */
  proxyProtocol: number;
}

/** Which connections of a server come through a proxy. */
export interface ProxyProtocolOption {
  /**
   * Accepts the PROXY protocol, versions 1 and 2, from these peers: their sockets have the client's `remoteAddress` and
   * `remotePort`, and `proxyProtocol`. Default: none.
   */
  proxyProtocol?: ProxyProtocolOptions | undefined;
}

/** The proxies from which a server with `proxyProtocol` accepts headers. */
export interface ProxyProtocolOptions {
  /**
   * Proxies: addresses (`'10.0.0.7'`), networks (`'10.0.0.0/8'`, `'fd00::/8'`), and `'unix'` for every peer of a server that
   * listens on a path. A connection from one of these must begin with a header, or it is ended; other connections have none.
   */
  trusted: string[];
}

/** `socket.proxyProtocol`: what a proxy has said about a connection. */
export interface ProxyProtocolHeader {
  version: 1 | 2;
  /** `'LOCAL'`: the proxy connects on its own behalf. Then the connection's own addresses hold, as they do if the proxy knows none. */
  command: 'PROXY' | 'LOCAL';
  /** How the client connected to the proxy. */
  family: 'IPv4' | 'IPv6' | 'unix' | undefined;
  transport: 'stream' | 'datagram' | undefined;
  /** The client: an address, or a path. */
  sourceAddress: string | undefined;
  sourcePort: number | undefined;
  /** The address or path that the client connected to. */
  destinationAddress: string | undefined;
  destinationPort: number | undefined;
  /** The proxy itself, as the socket would report it without the header. */
  proxyAddress: string | undefined;
  proxyPort: number | undefined;
  /** Further information (version 2), in the header's order. */
  tlvs: Array<{ type: number; value: Buffer }>;
}

/** The requests that `server.respond()` answers. */
export interface FixedRequest {
  /** One of GET, HEAD, OPTIONS, POST, PUT, DELETE and PATCH; GET also answers HEAD, unless HEAD has an answer of its own. Default: `'GET'`. */
  method?: string | undefined;
  /** The whole target, with its query, exactly as in the request. */
  path: string;
}

/** The answer to them. */
export interface FixedResponse {
  /** 200 to 599. Default: `200`. */
  status?: number | undefined;
  /** Without the fields that the server sets: Connection, Keep-Alive, Content-Length, Transfer-Encoding, Trailer, Upgrade and Date. */
  headers?: http.OutgoingHttpHeaders | undefined;
  /** At most 64 KiB. Default: none. */
  body?: string | Uint8Array | undefined;
}

/** The options of `server.drain()`. */
export interface DrainOptions {
  /** Milliseconds after which the remaining connections are ended; `Infinity` for never. Default: `10000`. */
  timeout?: number | undefined;
  /** Ends the remaining connections as soon as it is aborted. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds for which a connection without a request may still send one; then it is closed. With less than the default, a
   * request that is on its way can be lost. Default: what its Keep-Alive field promised, `keepAliveTimeout` and its buffer.
   */
  idle?: number | undefined;
  /**
   * Whether to wait for sockets that another protocol has taken over (an upgrade, a CONNECT); otherwise they are destroyed after
   * the last exchange. Default: `false`.
   */
  upgraded?: boolean | undefined;
}

/** The result of `server.drain()`: how many connections have ended, and how. */
export interface DrainResult {
  /** `'drained'`: everything ended by itself. Otherwise what ended the rest. */
  reason: 'drained' | 'timeout' | 'signal';
  /** After an answer with `Connection: close`. */
  answered: number;
  /** Kept connections that sent no further request. */
  idle: number;
  /** Connections that never sent a request. */
  unused: number;
  /** With a request arriving or unanswered: ended by their peer, or by an error. */
  lost: number;
  /** With a request arriving or unanswered: ended at the timeout, or by the signal. */
  cut: number;
  /** Sockets of another protocol that ended by themselves. */
  upgraded: number;
  /** Sockets of another protocol that were destroyed. */
  upgradedCut: number;
  /** Sockets that are still open: TLS handshakes that never finished. */
  open: number;
}

/** The result of `agent.stats()`: sums since the agent was made, except where it says "now". */
export interface AgentStats extends ErrorStats, TransportStats {
  connections: {
    /** Connections that the agent opened, or tried to open. */
    opened: number;
    /** Now: idle and active connections. */
    open: number;
    /** Now: those in `freeSockets`. */
    idle: number;
    /** Now: those in `sockets`. */
    active: number;
  };
  /** Now: requests that wait for a connection. */
  waiting: number;
  /** Requests that got a connection. */
  requests: number;
  /** Requests whose connection had served another one before. */
  reused: number;
  /** Kept connections that turned out to be closed, or to carry unsolicited bytes, before a request was lost on them. */
  stale: number;
  /** Connections that were closed because of `maxSocketAge` or `maxRequestsPerSocket`. */
  expired: number;
  /** Requests that were sent again, see `retries`. */
  retried: number;
  /** As `socket.bytesRead` counts them; 0 for streams without it. */
  bytesRead: number;
  /** As `socket.bytesWritten` counts them; 0 for streams without it. */
  bytesWritten: number;
}

/** What servers and requests accept beyond Node's options. */
export interface StrictOption {
  /**
   * Holds the peer to RFC 9110 and RFC 9112 where Node's parser is laxer: Host, request targets, versions, Transfer-Encoding in
   * HTTP/1.0, empty lines. Such a message is a parse error with a code of `HPE_STRICT_*`: `clientError` and status 400 on a
   * server, `error` on a request. Not together with `insecureHTTPParser`. Default: `false`.
   */
  strict?: boolean | undefined;
}

/** Limits of a server that Node does not have. */
export interface ServerLimits {
  /**
   * The most bytes that the body of a request may have, without its framing. A head or a chunk that announces more is a parse error
   * with the code `HPE_BODY_OVERFLOW`: `clientError`, or 413 and the end of the connection. Default: `Infinity`.
   */
  bodyLimit?: number | undefined;
  /** How slowly the body of a request may arrive; a slower one is treated as late, as with `requestTimeout`: `clientError`, or 408. Default: none. */
  minBodyRate?: MinBodyRate | undefined;
  /** The most connections that one address may have at a time; further ones are closed at once, with 'drop'. Default: `Infinity`. */
  maxConnectionsPerAddress?: number | undefined;
  /**
   * The most requests of a connection that may be unanswered at a time. Further ones are not answered, and the connection ends
   * after those. Default: `Infinity`.
   */
  maxPipelined?: number | undefined;
}

/** A body may take any time as long as it keeps to the rate. */
export interface MinBodyRate {
  /** Bytes of the connection, in total. Time in which the program does not read does not count. */
  bytesPerSecond: number;
  /** Milliseconds by which the body may fall behind, at its beginning and at any time. Default: `5000`. */
  grace?: number | undefined;
}

/**
 * When a request of a client reached each stage: milliseconds since it was made, by the monotonic clock, or null until then. A kept
 * connection has no `lookup`, `connect` and `secure`. If a request was sent again, these are the times of its last connection.
 */
export interface ClientTimings {
  /** The agent has given it a kept connection, or begins to open one for it. */
  queue: number | null;
  /** The name of its host is resolved; null for addresses and for socket paths. */
  lookup: number | null;
  /** Its connection is established, or has come from a `createConnection()` that opens it by other means. */
  connect: number | null;
  /** The TLS handshake is over. */
  secure: number | null;
  /** The system has all of the request. */
  sent: number | null;
  /** The first byte of a response has come, even of an interim one. */
  firstByte: number | null;
  /** The last byte of the response has come. */
  done: number | null;
}

/** A request with the option `timing`, its own or its agent's. */
export interface TimedClientRequest extends http.ClientRequest {
  readonly timings: ClientTimings;
}

/**
 * When an exchange of a server reached each stage: milliseconds by the monotonic clock, or null until then. For the first request
 * of a connection they count from the start of the connection (with TLS, from the end of its handshake), for others from the
 * request's first byte (by a clock that may be coarse: 4 ms on Linux).
 */
export interface ServerTimings {
  /** 0 for the first request of a connection, null for others. */
  accepted: number | null;
  /** The head of the request is complete. */
  head: number | null;
  /** The last byte of the request has come. */
  body: number | null;
  /** The program has ended the response. */
  answered: number | null;
  /** The system has all of the response. */
  flushed: number | null;
}

/** A request to a server with the option `timing`. */
export interface TimedIncomingMessage extends http.IncomingMessage {
  readonly timings: ServerTimings;
}

/** What servers, agents and requests accept beyond Node's options. */
export interface TimingOption {
  /** Whether requests have `timings`. A request's own option overrides that of its agent. Default: `false`. */
  timing?: boolean | undefined;
}

/**
 * The message of the diagnostics channel `rust-http.client.timings`: a request is over, or has failed. While the channel has a
 * subscriber, all requests are timed.
 */
export interface ClientTimingsMessage {
  request: http.ClientRequest;
  response: http.IncomingMessage | null;
  timings: ClientTimings;
}

/**
 * The message of the diagnostics channel `rust-http.server.timings`: the system has all of a response, or the connection was cut
 * before, or another protocol has taken it over (without a response). While the channel has a subscriber, all requests are timed.
 */
export interface ServerTimingsMessage {
  request: http.IncomingMessage;
  response: http.ServerResponse | null;
  timings: ServerTimings;
}

/** The options of `createServer`. */
export interface ServerOptions<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
> extends http.ServerOptions<Request, Response>, StrictOption, ServerLimits, ProxyProtocolOption, TimingOption {
  /** Default: the value of `RUST_HTTP_TRANSPORT`, or `'native'`. */
  transport?: Transport | undefined;
  /** Over how many I/O threads the connections of this server are spread with `transport: 'offload'`: 1 to 64. Default: `1`. */
  ioThreads?: number | undefined;
}

/** How long an agent uses one connection. */
export interface SocketLimits {
  /**
   * Milliseconds after which a connection is closed: at once if it is idle, otherwise after its request. So changes in DNS, or
   * behind a balancer, take effect. Default: `Infinity`.
   */
  maxSocketAge?: number | undefined;
  /** Requests after which a connection is closed. Default: `Infinity`. */
  maxRequestsPerSocket?: number | undefined;
}

/** What an agent does with a request whose connection is lost. */
export interface RetryOption {
  /**
   * How often a request may be sent again if its kept connection ended before the first byte of the answer came: a request with an
   * idempotent method and at most 1 MiB, which had ended before it got its connection. Default: `0`.
   */
  retries?: number | undefined;
}

/** The options of `Agent`. */
export interface AgentOptions extends http.AgentOptions, SocketLimits, RetryOption, TimingOption {
  /**
   * Default: the value of `RUST_HTTP_TRANSPORT`, or `'native'`: the core then reads a connection from its second request on, if the
   * agent itself opened it.
   */
  transport?: 'stream' | 'native' | undefined;
}

/** The options of `request`, `get` and `ClientRequest`. */
export interface RequestOptions extends http.RequestOptions, StrictOption, TimingOption {}

export class Server<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
> extends http.Server<Request, Response> {
  constructor(requestListener?: http.RequestListener<Request, Response>);
  constructor(options: ServerOptions<Request, Response>, requestListener?: http.RequestListener<Request, Response>);
  /** The transport in use: `'native'` and `'offload'` only where the platform and the runtime support them. Not in Node. */
  readonly transport: Transport;
  /** Statistics of this server and its connections. Not in Node. */
  stats(): ServerStats;
  /**
   * Gives requests for an exact target a fixed answer, which no handler sees; with `'native'` and `'offload'`, without JavaScript.
   * Returns this. Not in Node.
   */
  respond(request: FixedRequest, response?: FixedResponse): this;
  /** Removes such an answer. Returns whether there was one. Not in Node. */
  removeResponse(request: FixedRequest): boolean;
  /**
   * Stops listening, answers the requests that have come, tells kept connections with their next answer that it is the last, and
   * ends the rest at the timeout. Resolves after 'close'; all calls while the server drains resolve to the same result. Not in
   * Node.
   */
  drain(options?: DrainOptions): Promise<DrainResult>;
}

export function createServer(
  options: ServerOptions & { timing: true },
  requestListener?: (req: TimedIncomingMessage, res: http.ServerResponse<TimedIncomingMessage>) => void,
): Server;
export function createServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
>(requestListener?: http.RequestListener<Request, Response>): Server<Request, Response>;
export function createServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
>(options: ServerOptions<Request, Response>, requestListener?: http.RequestListener<Request, Response>): Server<Request, Response>;

/** An agent of this package. Wherever `Agent` is expected, one of `node:http` will do too. */
export interface CountingAgent extends http.Agent {
  /** Statistics of this agent and its connections. Not in Node. */
  stats(): AgentStats;
}

export type Agent = http.Agent;
export const Agent: Omit<typeof http.Agent, 'prototype'> & {
  new (options?: AgentOptions): CountingAgent;
  readonly prototype: CountingAgent;
};

type OnResponse = (res: http.IncomingMessage) => void;

export function request(options: RequestOptions & { timing: true }, callback?: OnResponse): TimedClientRequest;
export function request(url: string | URL, options: RequestOptions & { timing: true }, callback?: OnResponse): TimedClientRequest;
export function request(options: RequestOptions | string | URL, callback?: OnResponse): http.ClientRequest;
export function request(url: string | URL, options: RequestOptions, callback?: OnResponse): http.ClientRequest;

export function get(options: RequestOptions & { timing: true }, callback?: OnResponse): TimedClientRequest;
export function get(url: string | URL, options: RequestOptions & { timing: true }, callback?: OnResponse): TimedClientRequest;
export function get(options: RequestOptions | string | URL, callback?: OnResponse): http.ClientRequest;
export function get(url: string | URL, options: RequestOptions, callback?: OnResponse): http.ClientRequest;

/** The result of `createClient()`: a host and a port whose requests share an agent. */
export interface Client extends NodeJS.EventEmitter {
  readonly host: string;
  readonly port: number;
  request(method: string, path: string, headers?: http.OutgoingHttpHeaders): http.ClientRequest;
  request(path: string, headers?: http.OutgoingHttpHeaders): http.ClientRequest;
}

/** @deprecated The interface before `request`, kept for old programs. */
export function createClient(port?: number, host?: string): Client;
