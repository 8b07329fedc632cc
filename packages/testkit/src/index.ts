export { type DatabaseKind, databases, type FreshDatabase } from './databases.ts';
export * from './scripted-provider.ts';
export * from './transports.ts';
