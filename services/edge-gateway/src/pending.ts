import { type Dialect, openaiChat } from '@ai-switch/dialects';
export const openaiResponses: Dialect = openaiChat;
