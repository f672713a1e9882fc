/// <reference types="node" />

import * as https from './https.js';

export * from 'node:https';
export { Agent, type RequestOptions, Server, type ServerOptions, createServer, get, request } from './https.js';
export default https;
