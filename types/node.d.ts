// Modules that every Node has and its type declarations leave out.
declare module 'node:_http_agent';
declare module 'node:_http_client';
declare module 'node:_http_common';
declare module 'node:_http_incoming';
declare module 'node:_http_outgoing';
declare module 'node:_http_server';

// The packages of the platforms; npm installs one of them.
declare module 'rust-http-*';
