/**
 * The text of a .env file with these variables in it. A line that sets one of them is changed in place, wherever the file
 * sets it; the others stand at the end.
 */
export function setEnvironmentLines(text: string, environment: Readonly<Record<string, string>>): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const missing = new Set(Object.keys(environment));
  const edited = text.replace(/^([ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=)([^\r\n]*)/gm, (line, ...parts) => {
    const [head, name, there]: string[] = parts;
    const value = environment[name ?? ''];
    if (value === undefined) return line;
    missing.delete(name ?? '');
    return unquoted(there ?? '') === value ? line : `${head}${quoted(value)}`;
  });
  const added = [...missing].map((name) => `${name}=${quoted(environment[name] ?? '')}${newline}`);
  const end = added.length > 0 && edited !== '' && !edited.endsWith('\n') ? newline : '';
  return edited + end + added.join('');
}

/** A value as a shell and a .env file take it. It holds no quote of its own. */
export function quoted(value: string): string {
  return /^[\w.:/@+-]+$/.test(value) ? value : `"${value}"`;
}

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2');
}
