// The same names for `import`. Names that the running Node lacks are undefined: the export list of a module is fixed.

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
