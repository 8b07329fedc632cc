import { Fault } from '@ai-switch/kernel';

/** What a port has to answer with. @throws Fault `internal` */
export function answered<Message>(message: Message | undefined): Message {
  if (message === undefined) throw new Fault('internal', 'A service answered without what it was asked for.');
  return message;
}
