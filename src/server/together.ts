/**
 * What is done at the end of a turn of the event loop, together with all else that was left until then.
 *
 * Answers are written so. To wake who sleeps at the other end costs the kernel about as much as to write, and many
 * connections often lead to one process: written to again and again over a turn, it falls asleep each time before the next
 * answer, while of answers that follow one another at once only the first finds it asleep. Where few come in a turn, to
 * wait for its end costs them more than it saves.
 */

/** Requests in a turn from which on it pays. */
const MANY = 12

let came = 0
let crowded = false

/** Counts a request, and says whether it is to be left to the end of its turn: the last one brought many. */
export function inCrowd (): boolean {
  if (came++ === 0) setImmediate(recount)
  return crowded
}

function recount (): void {
  crowded = came >= MANY
  came = 0
}

let waiting: { end (): void }[] = []

function endAll (): void {
  const all = waiting
  waiting = []
  for (const each of all) each.end()
}

/**
 * Where one connection leaves a request, with its answer if that is known: no other until that has been seen to. What is
 * left while others are waits for the next turn's end.
 */
export class TurnEnd<Request, Answer> {
  private readonly ended: (request: Request, answer: Answer | undefined) => void
  private readonly failed: (request: Request, thrown: unknown) => void
  private request: Request | undefined
  private answer: Answer | undefined

  /** `failed` is told what `ended` throws, and must not throw itself. */
  constructor (ended: (request: Request, answer: Answer | undefined) => void, failed: (request: Request, thrown: unknown) => void) {
    this.ended = ended
    this.failed = failed
  }

  leave (request: Request, answer: Answer | undefined): void {
    if (waiting.length === 0) setImmediate(endAll)
    this.request = request
    this.answer = answer
    waiting.push(this)
  }

  end (): void {
    const { request, answer } = this
    this.request = this.answer = undefined
    try {
      this.ended(request!, answer)
    } catch (thrown) {
      this.failed(request!, thrown)
    }
  }
}
