import { hash } from 'node:crypto';

/** The same 16 hex digits for the same text in every run: what replaces a name that a provider does not take. */
export function digest(text: string): string {
  return hash('sha256', text).slice(0, 16);
}
