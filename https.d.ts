/// <reference types="node" />

import * as http from 'node:http';
import * as https from 'node:https';
import type {
  CountingAgent, DrainOptions, DrainResult, FixedRequest, FixedResponse, ProxyProtocolOption, RetryOption, ServerLimits, ServerStats, SocketLimits, StrictOption,
  TimedClientRequest, TimedIncomingMessage, TimingOption,
} from './index.js';

export * from 'node:https';

/** The options of `createServer`. */
export type ServerOptions<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
> = https.ServerOptions<Request, Response> & StrictOption & ServerLimits & ProxyProtocolOption & TimingOption;

/** The options of `request` and `get`. */
export type RequestOptions = https.RequestOptions & StrictOption & TimingOption;

export class Server<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse<InstanceType<Request>>,
> extends https.Server<Request, Response> {
  constructor(requestListener?: http.RequestListener<Request, Response>);
  constructor(options: ServerOptions<Request, Response>, requestListener?: http.RequestListener<Request, Response>);
  /** Statistics of this server and its connections. Not in Node. */
  stats(): ServerStats;
  /** See `Server` of `http`. Not in Node. */
  respond(request: FixedRequest, response?: FixedResponse): this;
  /** See `Server` of `http`. Not in Node. */
  removeResponse(request: FixedRequest): boolean;
  /** See `Server` of `http`. Not in Node. */
  drain(options?: DrainOptions): Promise<DrainResult>;
}

export type Agent = https.Agent;
export const Agent: Omit<typeof https.Agent, 'prototype'> & {
  new (options?: https.AgentOptions & SocketLimits & RetryOption & TimingOption): https.Agent & CountingAgent;
  readonly prototype: https.Agent & CountingAgent;
};

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

type OnResponse = (res: http.IncomingMessage) => void;

export function request(options: RequestOptions & { timing: true }, callback?: OnResponse): TimedClientRequest;
export function request(url: string | URL, options: RequestOptions & { timing: true }, callback?: OnResponse): TimedClientRequest;
export function request(options: RequestOptions | string | URL, callback?: OnResponse): http.ClientRequest;
export function request(url: string | URL, options: RequestOptions, callback?: OnResponse): http.ClientRequest;

export function get(options: RequestOptions & { timing: true }, callback?: OnResponse): TimedClientRequest;
export function get(url: string | URL, options: RequestOptions & { timing: true }, callback?: OnResponse): TimedClientRequest;
export function get(options: RequestOptions | string | URL, callback?: OnResponse): http.ClientRequest;
export function get(url: string | URL, options: RequestOptions, callback?: OnResponse): http.ClientRequest;
