/**
 * What was remembered lately, by site and target, in two generations: when the young one is full, the old one goes and it
 * takes its place. What was not remembered anew by then is gone.
 *
 * Invariant: both together hold at most `limit` bytes, and one more value. What one of the old grows by counts as of the young.
 */
export class Recent<T> {
  private readonly half: number
  private young = new Map<string, Map<string, T>>()
  private old = this.young
  /** Of the young. */
  private bytes = 0

  /** `limit` in bytes. */
  constructor (limit: number) {
    this.half = limit / 2
  }

  get (site: string, target: string): T | undefined {
    return this.young.get(site)?.get(target) ?? this.old.get(site)?.get(target)
  }

  /** `size` in bytes. */
  set (site: string, target: string, value: T, size: number): void {
    this.grow(size)
    let table = this.young.get(site)
    if (table === undefined) this.young.set(site, table = new Map())
    table.set(target, value)
  }

  /** Something remembered takes `size` bytes more. */
  grow (size: number): void {
    if (this.bytes + size > this.half) {
      this.old = this.young
      this.young = new Map()
      this.bytes = 0
    }
    this.bytes += size
  }
}
