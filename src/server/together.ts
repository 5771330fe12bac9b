/**
 * What is said at the end of a turn of the event loop, together with all else that was left until then.
 *
 * Answers are written so. To wake who sleeps at the other end costs the kernel about as much as to write, and many
 * connections often lead to one process: written to again and again over a turn, it falls asleep each time before the next
 * answer, while of answers that follow one another at once only the first finds it asleep.
 */

let waiting: { say (): void }[] = []

function sayAll (): void {
  const all = waiting
  waiting = []
  for (const each of all) each.say()
}

/** Where one connection leaves its answers, one at a time. What is left while others are said waits for the next turn's end. */
export class TurnEnd<Request, Answer> {
  private readonly answered: (request: Request, answer: Answer) => void
  private readonly failed: (request: Request, thrown: unknown) => void
  private left: { readonly request: Request, readonly answer: Answer } | undefined

  /** `failed` is told what `answered` throws, and must not throw itself. */
  constructor (answered: (request: Request, answer: Answer) => void, failed: (request: Request, thrown: unknown) => void) {
    this.answered = answered
    this.failed = failed
  }

  leave (request: Request, answer: Answer): void {
    if (waiting.length === 0) setImmediate(sayAll)
    this.left = { request, answer }
    waiting.push(this)
  }

  say (): void {
    const { left } = this
    if (left === undefined) return
    this.left = undefined
    try {
      this.answered(left.request, left.answer)
    } catch (thrown) {
      this.failed(left.request, thrown)
    }
  }
}
