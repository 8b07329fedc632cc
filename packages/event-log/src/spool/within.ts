/** Waits for it no longer than `boundMs`; it goes on by itself. */
export async function within(work: Promise<void>, boundMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, boundMs));
  });
  await Promise.race([work, bound]);
  clearTimeout(timer);
}
