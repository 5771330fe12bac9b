/**
 * What comes and goes all the time, in no order.
 *
 * A Set would do, but for what it leaves behind: whenever it has to make room, a table that still names all that were in
 * it. Once such a table is old, all of them live on until the next full collection, with whatever hangs on them, be they
 * done a millisecond later. Here a member knows its place, and a place that is left names nobody.
 */
export class Crowd<Member extends { place: number }> {
  size = 0
  private readonly places: (Member | undefined)[] = []

  /** It is in no other. */
  add (member: Member): void {
    member.place = this.size
    this.places[this.size++] = member
  }

  has (member: Member): boolean {
    return this.places[member.place] === member
  }

  /** False: it was not there. */
  delete (member: Member): boolean {
    if (!this.has(member)) return false
    const last = this.places[--this.size]!
    this.places[member.place] = last
    last.place = member.place
    this.places[this.size] = undefined
    member.place = NOWHERE
    return true
  }

  /** Those in it now. */
  members (): Member[] {
    return this.places.slice(0, this.size) as Member[]
  }
}

/** The place of one that is in no crowd. */
export const NOWHERE = -1
