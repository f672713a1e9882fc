/// <reference types="node" />
export * from 'node:http';
