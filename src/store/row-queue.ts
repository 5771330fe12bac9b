/** Rows in the order they came, linked through their columns; a row is in one queue at most. */
import { IN_PAGE, NO_ROW, type Rows } from './rows.js'

export class RowQueue {
  /** Sum of its rows' sizes, and of what of them lies on the JavaScript heap. */
  bytes = 0
  heap = 0
  private readonly rows: Rows
  private first = NO_ROW
  private last = NO_ROW

  constructor (rows: Rows) {
    this.rows = rows
  }

  push (row: number): void {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    page.previous[i] = this.last
    page.next[i] = NO_ROW
    if (this.last === NO_ROW) this.first = row
    else this.rows.page(this.last).next[this.last & IN_PAGE] = row
    this.last = row
    this.bytes += page.size[i]!
    this.heap += page.heap[i]!
  }

  remove (row: number): void {
    const page = this.rows.page(row)
    const i = row & IN_PAGE
    const previous = page.previous[i]!
    const next = page.next[i]!
    if (previous === NO_ROW) this.first = next
    else this.rows.page(previous).next[previous & IN_PAGE] = next
    if (next === NO_ROW) this.last = previous
    else this.rows.page(next).previous[next & IN_PAGE] = previous
    this.bytes -= page.size[i]!
    this.heap -= page.heap[i]!
  }

  /** Takes off the oldest; `NO_ROW` where there is none. */
  shift (): number {
    const row = this.first
    if (row !== NO_ROW) this.remove(row)
    return row
  }

  clear (): void {
    this.first = this.last = NO_ROW
    this.bytes = this.heap = 0
  }
}
