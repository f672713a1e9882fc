// Modules that every Node has and its type declarations leave out.
declare module '_http_common';
declare module '_http_outgoing';
declare module '_http_server';

// The packages of the platforms; npm installs one of them.
declare module 'rust-http-*';
