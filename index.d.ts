/// <reference types="node" />

import * as http from 'node:http';

export * from 'node:http';

/**
 * How the connections of a server or an agent are read and written: `'native'` by the core, on the sockets that are plain TCP or pipes;
 * `'offload'` (servers only) by the core in threads of its own; `'stream'` by the streams of `net.Socket` alone. Bytes, events and
 * errors are the same.
 */
export type Transport = 'stream' | 'native' | 'offload';

/** What went wrong, by code: how often. */
export interface ErrorStats {
  /** Messages that could not be parsed: `HPE_INVALID_METHOD`, `HPE_HEADER_OVERFLOW` and the like. */
  parseErrors: Record<string, number>;
  /** Everything else: `ECONNRESET`, `ECONNREFUSED`, `ERR_HTTP_REQUEST_TIMEOUT` and the like. */
  otherErrors: Record<string, number>;
}

/** How connections were read. */
export interface TransportStats {
  /** What is used: `'native'` and `'offload'` only where the platform and the runtime can. */
  transport: Transport;
  /** Connections that the core itself read; those of an agent from their second request on. */
  attached: number;
  /** Now: those that the core itself reads. */
  open: number;
  /**
   * How many were left, or given back, to their streams, by reason: 'upgrade' (or CONNECT), 'data listener',
   * 'readable listener', 'read' (also pipe and async iteration), 'replaced method' (net.Socket's write was replaced), 'handle'
   * (somebody took the handle below the socket), 'changed socket' (it was read or changed before we got it), 'no plain
   * socket' (TLS, any other Duplex); of an agent also 'paused' (a response was not read as fast as it came), 'full' (a request
   * was not taken as fast as it was written) and 'bytes without
   * request'. Empty with the transport 'stream'.
   */
  streamed: Record<string, number>;
}

/**
 * What `server.stats()` tells: sums since the server was made, except where it says "now". Asking takes time in proportion to the
 * open connections; counting takes none that could be measured.
 */
export interface ServerStats extends ErrorStats, TransportStats {
  connections: {
    /** Those that the server began to serve. */
    accepted: number;
    /** Now. Without those that went to another protocol. */
    open: number;
    /** Now: those without a request, neither arriving nor unanswered. */
    idle: number;
    /** Now: all other open ones. */
    active: number;
    /** Those that an 'upgrade' or 'connect' listener took over; what they do from there on is not counted. */
    handedOver: number;
  };
  /** Request heads, complete and without an error. */
  requests: number;
  /** Of these, requests with a fixed answer: see `respond()`. */
  fixedAnswers: number;
  /** As `socket.bytesRead` counts them; 0 for streams that do not. */
  bytesRead: number;
  /** As `socket.bytesWritten` counts them; 0 for streams that do not. */
  bytesWritten: number;
  limits: LimitStats;
}

/** How often each limit of `ServerLimits` was met. */
export interface LimitStats {
  /** Bodies that were refused. */
  bodyLimit: number;
  /** Bodies that were too slow. */
  minBodyRate: number;
  /** Connections that were closed at once. */
  maxConnectionsPerAddress: number;
  /** Connections that have pipelined too many requests. */
  maxPipelined: number;
  /** Connections of trusted proxies that began with no header, or a malformed one, or too late. */
  proxyProtocol: number;
}

/** Which connections of a server come through a proxy. */
export interface ProxyProtocolOption {
  /** Takes the PROXY protocol, versions 1 and 2, from these peers: their sockets have the client's `remoteAddress` and `remotePort`, and `proxyProtocol`. Default: none. */
  proxyProtocol?: ProxyProtocolOptions | undefined;
}

/** What a server with `proxyProtocol` takes headers from. */
export interface ProxyProtocolOptions {
  /**
   * Proxies: addresses (`'10.0.0.7'`), networks (`'10.0.0.0/8'`, `'fd00::/8'`), and `'unix'` for every peer of a server that listens to a path. A connection of one
   * of these begins with a header, or is ended; one of any other has none.
   */
  trusted: string[];
}

/** `socket.proxyProtocol`: what a proxy has said of a connection. */
export interface ProxyProtocolHeader {
  version: 1 | 2;
  /** `'LOCAL'`: the proxy speaks for itself. The connection's own addresses hold then, as where the proxy knows none. */
  command: 'PROXY' | 'LOCAL';
  /** How the client has reached the proxy. */
  family: 'IPv4' | 'IPv6' | 'unix' | undefined;
  transport: 'stream' | 'datagram' | undefined;
  /** The client: an address, or a path. */
  sourceAddress: string | undefined;
  sourcePort: number | undefined;
  /** What the client has reached. */
  destinationAddress: string | undefined;
  destinationPort: number | undefined;
  /** The proxy itself, as the socket would tell without the header. */
  proxyAddress: string | undefined;
  proxyPort: number | undefined;
  /** What else it says (version 2), in its order. */
  tlvs: Array<{ type: number; value: Buffer }>;
}

/** What `server.respond()` answers. */
export interface FixedRequest {
  /** One of GET, HEAD, OPTIONS, POST, PUT, DELETE and PATCH; GET also is HEAD where that has no answer of its own. Default: `'GET'`. */
  method?: string | undefined;
  /** The whole target, with its query, as it stands in the request. */
  path: string;
}

/** What it is answered with. */
export interface FixedResponse {
  /** 200 to 599. Default: `200`. */
  status?: number | undefined;
  /** Without those that are the server's: Connection, Keep-Alive, Content-Length, Transfer-Encoding, Trailer, Upgrade and Date. */
  headers?: http.OutgoingHttpHeaders | undefined;
  /** 64 KiB at most. Default: none. */
  body?: string | Uint8Array | undefined;
}

/** What `server.drain()` takes. */
export interface DrainOptions {
  /** Milliseconds after which what is left is ended; `Infinity` for never. Default: `10000`. */
  timeout?: number | undefined;
  /** Ends what is left as soon as it is aborted. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds in which a connection without a request may still send one; it is then closed. With less than the default a request can be
   * lost that is on its way. Default: what its Keep-Alive field has promised, `keepAliveTimeout` and its buffer.
   */
  idle?: number | undefined;
  /** Whether sockets that another protocol has (an upgrade, a CONNECT) are waited for; else they are destroyed behind the last exchange. Default: `false`. */
  upgraded?: boolean | undefined;
}

/** What `server.drain()` tells: how many connections have ended, and how. */
export interface DrainResult {
  /** `'drained'`: everything came to its own end. Otherwise what has ended the rest. */
  reason: 'drained' | 'timeout' | 'signal';
  /** Behind an answer with `Connection: close`. */
  answered: number;
  /** Kept ones that sent no further request. */
  idle: number;
  /** Those that never sent one. */
  unused: number;
  /** With a request arriving or unanswered: by their peer, or for an error. */
  lost: number;
  /** With a request arriving or unanswered: at the timeout, or by the signal. */
  cut: number;
  /** Sockets of another protocol that ended by themselves. */
  upgraded: number;
  /** Sockets of another protocol that were destroyed. */
  upgradedCut: number;
  /** Sockets that are still open: handshakes of TLS that were never finished. */
  open: number;
}

/** What `agent.stats()` tells: sums since the agent was made, except where it says "now". */
export interface AgentStats extends ErrorStats, TransportStats {
  connections: {
    /** Those that the agent opened, or tried to. */
    opened: number;
    /** Now: idle and active ones. */
    open: number;
    /** Now: those in `freeSockets`. */
    idle: number;
    /** Now: those in `sockets`. */
    active: number;
  };
  /** Now: requests that wait for a connection. */
  waiting: number;
  /** Requests that were given a connection. */
  requests: number;
  /** Those of them whose connection had served another request before. */
  reused: number;
  /** Kept connections that turned out to be closed, or to carry bytes that nobody had asked for, before a request was lost on them. */
  stale: number;
  /** Connections that were closed for `maxSocketAge` or `maxRequestsPerSocket`. */
  expired: number;
  /** Requests that were sent again, see `retries`. */
  retried: number;
  /** As `socket.bytesRead` counts them; 0 for streams that do not. */
  bytesRead: number;
  /** As `socket.bytesWritten` counts them; 0 for streams that do not. */
  bytesWritten: number;
}

/** What servers and requests take beyond Node's options. */
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
   * Bytes that the body of a request may have, without what frames it. A head or a chunk that announces more is a parse error with the code
   * `HPE_BODY_OVERFLOW`: `clientError`, or 413 and the end of the connection. Default: `Infinity`.
   */
  bodyLimit?: number | undefined;
  /** How slowly the body of a request may arrive; beyond that it is as late as with `requestTimeout`: `clientError`, or 408. Default: none. */
  minBodyRate?: MinBodyRate | undefined;
  /** Connections that one address may have at a time; more are closed at once, with 'drop'. Default: `Infinity`. */
  maxConnectionsPerAddress?: number | undefined;
  /** Requests of a connection that may be unanswered at a time. What comes beyond is not answered, and the connection ends behind those. Default: `Infinity`. */
  maxPipelined?: number | undefined;
}

/** A body lives as long as it keeps to the rate, whatever its length. */
export interface MinBodyRate {
  /** Bytes of the connection, in sum. Time in which the program does not read is not counted. */
  bytesPerSecond: number;
  /** Milliseconds by which it may fall behind, at its beginning and at any time. Default: `5000`. */
  grace?: number | undefined;
}

/**
 * When a request of a client has reached each stage: milliseconds since it was made, by the monotonic clock, or null while it has not. A connection that was kept has
 * no `lookup`, `connect` and `secure`. Of a request that is sent again: those of its last connection.
 */
export interface ClientTimings {
  /** The agent has given it a kept connection, or begins to open one for it. */
  queue: number | null;
  /** The name of its host is resolved; there is none for addresses and for paths of sockets. */
  lookup: number | null;
  /** Its connection is open, or has come so from a `createConnection()` that opens it by other means. */
  connect: number | null;
  /** The handshake of TLS is over. */
  secure: number | null;
  /** All of the request was given to the system. */
  sent: number | null;
  /** The first byte of a response has come, be it an interim one. */
  firstByte: number | null;
  /** The last byte of the response has come. */
  done: number | null;
}

/** A request with the option `timing`, of its own or of its agent. */
export interface TimedClientRequest extends http.ClientRequest {
  readonly timings: ClientTimings;
}

/**
 * When an exchange of a server has reached each stage: milliseconds by the monotonic clock, or null while it has not. They begin with the connection, for
 * its first request (with TLS when its handshake is over), and else with the first byte of the request (by a clock that may be coarse: 4 ms on Linux).
 */
export interface ServerTimings {
  /** 0 for the first request of a connection, null for the others. */
  accepted: number | null;
  /** The head of the request is complete. */
  head: number | null;
  /** The last byte of the request has come. */
  body: number | null;
  /** The program has ended the response. */
  answered: number | null;
  /** All of the response was given to the system. */
  flushed: number | null;
}

/** A request to a server with the option `timing`. */
export interface TimedIncomingMessage extends http.IncomingMessage {
  readonly timings: ServerTimings;
}

/** What servers, agents and requests take beyond Node's options. */
export interface TimingOption {
  /** Whether requests have `timings`. That of a request goes before that of its agent. Default: `false`. */
  timing?: boolean | undefined;
}

/** The message of the diagnostics channel `rust-http.client.timings`: a request is over, or has failed. While it has a subscriber, all requests are timed. */
export interface ClientTimingsMessage {
  request: http.ClientRequest;
  response: http.IncomingMessage | null;
  timings: ClientTimings;
}

/**
 * The message of the diagnostics channel `rust-http.server.timings`: a response was given to the system, or its connection was cut before, or went to another
 * protocol (without a response). While it has a subscriber, all requests are timed.
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
  /** Default: what the environment says in `RUST_HTTP_TRANSPORT`, or `'native'`. */
  transport?: Transport | undefined;
  /** How many I/O threads the connections of this server are spread over with `transport: 'offload'`: 1 to 64. Default: `1`. */
  ioThreads?: number | undefined;
}

/** How long an agent uses one connection. */
export interface SocketLimits {
  /**
   * Milliseconds after which a connection is closed: at once if it is idle, else behind its request. What changes in DNS, or behind a balancer, is seen then.
   * Default: `Infinity`.
   */
  maxSocketAge?: number | undefined;
  /** Requests after which a connection is closed. Default: `Infinity`. */
  maxRequestsPerSocket?: number | undefined;
}

/** What an agent does with a request that its connection has lost. */
export interface RetryOption {
  /**
   * How often a request may be sent again whose kept connection ended before a byte of the answer came: one with an idempotent method, that had ended before it got its
   * connection, and has 1 MiB at most. Default: `0`.
   */
  retries?: number | undefined;
}

/** The options of `Agent`. */
export interface AgentOptions extends http.AgentOptions, SocketLimits, RetryOption, TimingOption {
  /**
   * Default: what the environment says in `RUST_HTTP_TRANSPORT`, or `'native'`: the core then reads a connection from its second
   * request on, if the agent itself has opened it.
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
  /** What this server uses: `'native'` and `'offload'` only where the platform and the runtime can. Not in Node. */
  readonly transport: Transport;
  /** What this server and its connections have done. Not in Node. */
  stats(): ServerStats;
  /** Gives requests for an exact target a fixed answer, which no handler sees; in `'native'` and `'offload'` without JavaScript. Returns this. Not in Node. */
  respond(request: FixedRequest, response?: FixedResponse): this;
  /** Ends that. Returns whether there was an answer to such requests. Not in Node. */
  removeResponse(request: FixedRequest): boolean;
  /**
   * Stops listening, answers what has come, tells kept connections with their next answer that it is the last, and ends the rest at the timeout. Resolves behind
   * 'close'; all calls while the server drains resolve alike. Not in Node.
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

/** An agent of ours. Where `Agent` is asked for, one of `node:http` will do too. */
export interface CountingAgent extends http.Agent {
  /** What this agent and its connections have done. Not in Node. */
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

/** What `createClient()` answers: a host and a port whose requests share an agent. */
export interface Client extends NodeJS.EventEmitter {
  readonly host: string;
  readonly port: number;
  request(method: string, path: string, headers?: http.OutgoingHttpHeaders): http.ClientRequest;
  request(path: string, headers?: http.OutgoingHttpHeaders): http.ClientRequest;
}

/** @deprecated The interface before `request`, kept for old programs. */
export function createClient(port?: number, host?: string): Client;
