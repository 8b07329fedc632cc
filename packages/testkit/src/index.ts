export * from './databases.ts';
export * from './scripted-provider.ts';
export * from './transports.ts';
