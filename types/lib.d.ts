// What `tsc` cannot see in lib/: undeclared members of node's classes, what classes made of a function and a prototype inherit, and the
// type names in the JSDoc of lib/. Part of `npm run lint`; not published.

import type { EventEmitter } from 'node:events';
import type { Server as TcpServer, Socket as TcpSocket } from 'node:net';
import type { Duplex as NodeDuplex, Readable as NodeReadable, Stream } from 'node:stream';
import type {
  AgentStats as DocumentedAgentStats, DrainOptions as DocumentedDrainOptions, DrainResult as DocumentedDrainResult, ServerStats as DocumentedServerStats,
} from '..';

declare module 'node:events' {
  interface EventEmitter {
    _events: any;
    _eventsCount: number;
  }
  namespace EventEmitter {
    function init(this: object, options?: object): void;
  }
}

declare module 'node:stream' {
  namespace Stream {
    interface Readable {
      _readableState: any;
    }
    interface Writable {
      _writableState: any;
    }
    /** A socket: the members that net and tls add to a Duplex, and those that http adds. A program's own Duplex may lack any of them. */
    interface Duplex {
      _handle: any;
      _hadError: boolean;
      _httpMessage: any;
      _paused: boolean;
      _server: any;
      destroySoon(): void;
      encrypted?: boolean;
      parser: any;
      ref(): this;
      server: any;
      setKeepAlive(enable?: boolean, initialDelay?: number): this;
      setNoDelay(noDelay?: boolean): this;
      setTimeout(msecs: number, callback?: () => void): any;
      timeout?: number;
      unref(): this;
    }
  }
}

declare module 'node:net' {
  interface Server {
    _connections: number;
    _emitCloseIfDrained(): void;
    _handle: any;
    _listen2(address: string, port: number, family: number, backlog?: number): void;
    allowHalfOpen: boolean;
    highWaterMark: number;
    noDelay: boolean;
  }
}

declare module 'node:http' {
  interface Agent {
    addRequest(req: any, options: any): void;
    agentKeepAliveTimeoutBuffer: number;
    createSocket(req: any, options: any, oncreate: any): void;
    defaultPort: number;
    options: any;
  }
}

declare global {
  /** What the bundle of lib/ adds to it: a function that opens an addon (scripts/bundle-loader.js), and the package's version. */
  const __open: ((file: string) => any) | undefined;
  const __version: string | undefined;
  namespace stream {
    type Duplex = NodeDuplex;
    type Readable = NodeReadable;
    /** Messages are written only to sockets. */
    type Writable = NodeDuplex;
  }
  namespace net {
    type Server = TcpServer;
    type Socket = TcpSocket;
  }
  // Each with its inherited members; its own file exports it without them as OwnNAME.
  namespace https {
    type Agent = import('../lib/https').OwnAgent & http.Agent;
    type ClientRequest = http.ClientRequest;
    type IncomingMessage = http.IncomingMessage;
    type Server = import('../lib/https').OwnServer & http.Server;
  }
  namespace http {
    type Agent = import('../lib/client/agent').OwnAgent & EventEmitter;
    type ClientRequest = import('../lib/client/request').OwnClientRequest & OutgoingMessage & { httpValidation?: any; socket: any };
    type HTTPParser = import('../lib/parser/parser').HTTPParser & Record<PropertyKey, any>;
    type IncomingMessage = import('../lib/message/incoming').OwnIncomingMessage & NodeReadable & IncomingAccessors;
    type OutgoingMessage = import('../lib/message/outgoing').OwnOutgoingMessage & Stream & OutgoingAccessors;
    type Server = import('../lib/server/server').OwnServer & TcpServer & ServerOptions;
    type ServerResponse = import('../lib/server/response').OwnServerResponse & OutgoingMessage;
  }
  type Agent = http.Agent;
  type AgentStats = DocumentedAgentStats;
  type DrainOptions = DocumentedDrainOptions;
  type DrainResult = DocumentedDrainResult;
  type Attached = import('../lib/transport/owner-state').Attached;
  type ClientRequest = http.ClientRequest;
  type Connection = import('../lib/server/connection').OwnConnection;
  type HTTPParser = http.HTTPParser;
  type IncomingMessage = http.IncomingMessage;
  type OutgoingMessage = http.OutgoingMessage;
  type Protocol = import('../lib/transport/owner-state').Protocol;
  type Server = http.Server;
  type ServerResponse = http.ServerResponse;
  type ServerStats = DocumentedServerStats;

  /** A listener of an event. */
  type Listener = (...args: any[]) => void;
  /** An error of node, of a system call, or of the parser. */
  type Failure = NodeJS.ErrnoException & { bytesParsed?: number; rawPacket?: Buffer; reason?: string };

  interface Buffer {
    latin1Slice(start?: number, end?: number): string;
    utf8Slice(start?: number, end?: number): string;
  }
  namespace NodeJS {
    interface Process {
      _tickCallback(): void;
    }
  }
}

/** Members that Object.defineProperty defines on the prototype. */
interface IncomingAccessors {
  /** Only on a response. */
  req?: ClientRequest;
  headers: any;
  trailers: any;
}
interface OutgoingAccessors {
  _onPendingData(bytes: number): void;
  _maxRequestsPerSocket?: number;
  connection: any;
  headersSent: boolean;
  writableCorked: number;
  writableFinished: boolean;
  writableHighWaterMark: number;
  writableLength: number;
  writableNeedDrain: boolean;
  writableObjectMode: boolean;
}

/** The members that storeHTTPOptions() sets on a server. */
interface ServerOptions {
  connectionsCheckingInterval: number;
  headersTimeout: number;
  httpValidation: any;
  insecureHTTPParser: boolean;
  joinDuplicateHeaders: boolean;
  keepAliveTimeout: number;
  keepAliveTimeoutBuffer: number;
  maxHeaderSize: number;
  rejectNonStandardBodyWrites: boolean;
  requestTimeout: number;
  requireHostHeader: boolean;
  shouldUpgradeCallback: any;
}
