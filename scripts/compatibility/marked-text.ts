/** The text with what stands between `<!-- name:begin -->` and `<!-- name:end -->` replaced. @throws without the marks */
export function replaceBetween(text: string, name: string, between: string): string {
  const begin = `<!-- ${name}:begin -->`;
  const end = `<!-- ${name}:end -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`The marks ${begin} and ${end} are missing.`);
  return `${text.slice(0, from + begin.length)}\n${between}\n${text.slice(to)}`;
}
