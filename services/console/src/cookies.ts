/** Kept to this address, over https and to localhost only, out of reach of scripts. https://www.rfc-editor.org/rfc/rfc6265 */
export function cookieText(
  name: `__Host-${string}`,
  value: string,
  { expiresAtMs, sameSite }: { readonly expiresAtMs: number; readonly sameSite: 'Strict' | 'Lax' },
): string {
  const expires = new Date(expiresAtMs).toUTCString();
  return `${name}=${value}; Path=/; Expires=${expires}; Secure; HttpOnly; SameSite=${sameSite}`;
}

export function clearedCookie(name: `__Host-${string}`): string {
  return cookieText(name, '', { expiresAtMs: 0, sameSite: 'Strict' });
}
