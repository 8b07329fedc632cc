export * from './transports.ts';
