/// <reference types="node" />

import * as http from 'node:http';

export * from 'node:http';

/**
 * How the connections of a server are read and written: `'native'` by the core, on the sockets that are plain TCP or pipes;
 * `'stream'` by the streams of `net.Socket` alone. Bytes, events and errors are the same.
 */
export type Transport = 'stream' | 'native';

/** What `server.stats()` counts: connections. */
export interface ServerStats {
  /** As `server.transport`. */
  transport: Transport;
  /** Connections that the core took up so far. */
  attached: number;
  /** Those of them that it reads now. */
  open: number;
  /**
   * How many were left, or given back, to their streams, by reason: 'upgrade' (or CONNECT), 'data listener',
   * 'readable listener', 'read' (also pipe and async iteration), 'replaced method' (net.Socket's write was replaced), 'handle'
   * (somebody took the handle below the socket), 'changed socket' (it was read or changed before the server got it), 'no plain
   * socket' (TLS, any other Duplex). Empty for a server with the transport 'stream'.
   */
  streamed: Record<string, number>;
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

/** The options of `createServer`. */
export interface ServerOptions<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
> extends http.ServerOptions<Request, Response>, StrictOption {
  /** Default: what the environment says in `RUST_HTTP_TRANSPORT`, or `'native'`. */
  transport?: Transport | undefined;
}

/** The options of `request`, `get` and `ClientRequest`. */
export interface RequestOptions extends http.RequestOptions, StrictOption {}

export class Server<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
> extends http.Server<Request, Response> {
  constructor(requestListener?: http.RequestListener<Request, Response>);
  constructor(options: ServerOptions<Request, Response>, requestListener?: http.RequestListener<Request, Response>);
  /** What this server uses: `'native'` only where the platform and the runtime can. Not in Node. */
  readonly transport: Transport;
  /** Counts the connections by the way in which they were read. Not in Node. */
  stats(): ServerStats;
}

export function createServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
>(requestListener?: http.RequestListener<Request, Response>): Server<Request, Response>;
export function createServer<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
>(options: ServerOptions<Request, Response>, requestListener?: http.RequestListener<Request, Response>): Server<Request, Response>;

type OnResponse = (res: http.IncomingMessage) => void;

export function request(options: RequestOptions | string | URL, callback?: OnResponse): http.ClientRequest;
export function request(url: string | URL, options: RequestOptions, callback?: OnResponse): http.ClientRequest;

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
