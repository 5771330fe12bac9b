/**
 * What is done at the end of a turn of the event loop, together with all else that was left until then.
 *
 * Answers that were waited for are written so. To wake who sleeps at the other end costs the kernel about as much as to
 * write, and many connections often lead to one process: written to again and again over a turn, it falls asleep each time
 * before the next answer, while of answers that follow one another at once only the first finds it asleep.
 */

interface Step { readonly run: () => void, readonly failed: (thrown: unknown) => void }

let steps: Step[] = []

/** `failed` is told what `run` throws, and must not throw itself. What is left by either waits for the next turn's end. */
export function together (run: () => void, failed: (thrown: unknown) => void): void {
  if (steps.length === 0) setImmediate(runAll)
  steps.push({ run, failed })
}

function runAll (): void {
  const all = steps
  steps = []
  for (const { run, failed } of all) {
    try {
      run()
    } catch (thrown) {
      failed(thrown)
    }
  }
}
