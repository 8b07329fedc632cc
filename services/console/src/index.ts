export { claudeCodeEnvironment } from './cli/connect/claude-code.ts';
export { type Connection, exportLines } from './cli/connect/client-setup.ts';
export { codexConfiguration } from './cli/connect/codex.ts';
export { geminiEnvironment } from './cli/connect/gemini.ts';
export { type ListedModel, modelForChats } from './cli/connect/list-models.ts';
export { openaiSdkLines } from './cli/connect/openai-sdk.ts';
export { opencodeConfiguration } from './cli/connect/opencode.ts';
export { type ConsoleOptions, createConsole } from './console.ts';
