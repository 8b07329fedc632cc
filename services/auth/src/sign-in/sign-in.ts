import type { SignIn } from '@ai-switch/contracts';
import type { SignInContext } from './context.ts';
import { identityProviderCalls } from './identity-providers.ts';
import { oidcCalls } from './oidc.ts';
import { passwordCalls } from './passwords.ts';
import { sessionCalls } from './sessions.ts';

/** The SignIn port on a database. */
export function signInPort(context: SignInContext): SignIn {
  return {
    ...passwordCalls(context),
    ...sessionCalls(context),
    ...identityProviderCalls(context),
    ...oidcCalls(context),
  };
}
