/** Field names, asked for in whatever case they came in. */

/** Invariant: `has` says of any text what a set of lower-case names would say of it in lower case. */
export class FieldNames {
  /** Most names differ in length from all that are sought: those need neither be folded nor hashed. */
  private readonly byLength: (Set<string> | undefined)[] = []

  /** `names` are lower-case. */
  constructor (names: Iterable<string>) {
    for (const name of names) (this.byLength[name.length] ??= new Set()).add(name)
  }

  has (name: string): boolean {
    const alike = this.byLength[name.length]
    return alike !== undefined && alike.has(name.toLowerCase())
  }
}
