/** The variants of each primary key, in the order they were stored: a ring through their rows, one row for the youngest. */
import type { StoreKey } from '../core/types.js'
import { KeyIndex } from './key-index.js'
import { IN_PAGE, type Rows } from './rows.js'

export class Variants {
  private readonly rows: Rows
  private readonly most: number
  private readonly youngest = new KeyIndex()

  /** `most`: variants kept of one primary. */
  constructor (rows: Rows, most: number) {
    this.rows = rows
    this.most = most
  }

  /** Returns the row that has to go for it: of those used least, the oldest. */
  join (row: number, primary: StoreKey): number | undefined {
    const youngest = this.youngest.get(primary) ?? row
    this.link(row, youngest === row ? row : this.after(youngest))
    this.link(youngest, row)
    this.youngest.set(primary, row)
    let victim = this.after(row)
    let count = 1
    for (let other = victim; other !== row; other = this.after(other)) {
      count++
      if (this.uses(other) < this.uses(victim)) victim = other
    }
    return count > this.most ? victim : undefined
  }

  leave (row: number, primary: StoreKey): void {
    let before = row
    while (this.after(before) !== row) before = this.after(before)
    if (before === row) return this.youngest.delete(primary)
    this.link(before, this.after(row))
    if (this.youngest.get(primary) === row) this.youngest.set(primary, before)
  }

  clear (): void {
    this.youngest.clear()
  }

  private uses (row: number): number {
    return this.rows.page(row).uses[row & IN_PAGE]!
  }

  private after (row: number): number {
    return this.rows.page(row).sibling[row & IN_PAGE]!
  }

  private link (row: number, next: number): void {
    this.rows.page(row).sibling[row & IN_PAGE] = next
  }
}
