export interface Enrolled {
  /** The member's index in its roster; `NOT_ENROLLED` while it is in none. Only the roster sets it. */
  rosterPlace: number;
}

export const NOT_ENROLLED = -1;

/**
 * Members that come and go with every request. A `Set` would do but for the garbage collector: each time a set makes
 * room, its old table goes on pointing to the new one and to the members of that moment, and once one table has grown
 * old, all that hangs on the chain behind it is copied and kept until the next full collection. A member is in one
 * roster at most.
 */
export class Roster<Member extends Enrolled> {
  readonly #members: Member[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(member: Member): void {
    if (member.rosterPlace !== NOT_ENROLLED) return;
    member.rosterPlace = this.#members.length;
    this.#members.push(member);
  }

  /** Does nothing for one that is not enrolled. */
  delete(member: Member): void {
    const place = member.rosterPlace;
    if (place === NOT_ENROLLED) return;
    member.rosterPlace = NOT_ENROLLED;
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    this.#members[place] = last;
    last.rosterPlace = place;
  }

  /** Those enrolled at the call, so that members may come and go meanwhile. */
  all(): readonly Member[] {
    return [...this.#members];
  }
}
