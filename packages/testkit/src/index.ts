export * from './databases.ts';
export * from './transports.ts';
