/// <reference types="node" />
import * as http from 'node:http';

export * from 'node:http';

/** What `createServer` and `request` take beyond Node's options. */
export interface StrictOption {
  /**
   * Holds the peer to RFC 9110 and RFC 9112 where Node's parser is laxer: Host, request targets, versions, Transfer-Encoding in
   * HTTP/1.0, empty lines. Such a message is a parse error with a code of `HPE_STRICT_*`: `clientError` and status 400 on a
   * server, `error` on a request. Not together with `insecureHTTPParser`. Default: `false`.
   */
  strict?: boolean;
}

export const createServer: typeof http.createServer & {
  (options: http.ServerOptions & StrictOption, requestListener?: http.RequestListener): http.Server;
};

export const request: typeof http.request & {
  (options: http.RequestOptions & StrictOption, callback?: (res: http.IncomingMessage) => void): http.ClientRequest;
  (url: string | URL, options: http.RequestOptions & StrictOption, callback?: (res: http.IncomingMessage) => void): http.ClientRequest;
};

export const get: typeof request;
