/// <reference types="node" />

import * as http from './index.js';

export * from 'node:http';
export {
  type Client,
  type RequestOptions,
  Server,
  type ServerOptions,
  type ServerStats,
  type StrictOption,
  type Transport,
  createServer,
  get,
  request,
} from './index.js';
export default http;
