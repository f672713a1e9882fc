// The same names for `import`. Those that the running Node does not have yet are undefined: the names of a module are fixed.

import http from './index.js';

export const {
  _connectionListener,
  METHODS,
  STATUS_CODES,
  Agent,
  ClientRequest,
  IncomingMessage,
  OutgoingMessage,
  Server,
  ServerResponse,
  createServer,
  validateHeaderName,
  validateHeaderValue,
  get,
  request,
  setMaxIdleHTTPParsers,
  maxHeaderSize,
  globalAgent,
  setGlobalProxyFromEnv,
  WebSocket,
  CloseEvent,
  MessageEvent,
  isValidHeaderName,
  isValidHeaderValue,
  websocketMask,
  websocketUnmask,
} = http;

export default http;
