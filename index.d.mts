/// <reference types="node" />

import * as http from './index.js';

export * from 'node:http';
export {
  Agent,
  type AgentOptions,
  type AgentStats,
  type Client,
  type ClientTimings,
  type ClientTimingsMessage,
  type CountingAgent,
  type DrainOptions,
  type DrainResult,
  type ErrorStats,
  type LimitStats,
  type MinBodyRate,
  type RequestOptions,
  type RetryOption,
  Server,
  type ServerLimits,
  type ServerOptions,
  type ServerStats,
  type ServerTimings,
  type ServerTimingsMessage,
  type SocketLimits,
  type StrictOption,
  type TimedClientRequest,
  type TimedIncomingMessage,
  type TimingOption,
  type Transport,
  type TransportStats,
  createServer,
  get,
  request,
} from './index.js';
export default http;
