export * from './batcher.ts';
export * from './clock.ts';
export * from './config.ts';
export * from './fault.ts';
export * from './folder.ts';
export * from './ids.ts';
export * from './lifetime.ts';
export * from './micros.ts';
