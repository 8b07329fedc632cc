export * from './client-task.ts';
export { type DatabaseKind, databases, type FreshDatabase } from './databases.ts';
export type { ScriptedAnswer, ScriptedTool, ScriptedUsage } from './providers/answer.ts';
export { scriptedVector } from './providers/auxiliary.ts';
export type { ProblemName } from './providers/problem.ts';
export type { ScriptedDialect } from './providers/wire.ts';
export * from './scripted-provider.ts';
export * from './seen-prompt.ts';
export * from './transports.ts';
