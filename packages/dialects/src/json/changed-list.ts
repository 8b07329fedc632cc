/** The list itself when no item changes: what is untouched stays the same object, which callers rely on. */
export function changedList<Item>(items: readonly Item[], change: (item: Item) => Item): readonly Item[] {
  let changed: Item[] | undefined;
  items.forEach((item, at) => {
    const next = change(item);
    if (changed === undefined && next !== item) changed = items.slice(0, at);
    changed?.push(next);
  });
  return changed ?? items;
}
