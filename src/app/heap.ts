/**
 * How the program has V8 keep its heap, by flags that can be set while it runs. What the command line says itself stands.
 *
 * A collection of the young generation takes as long as what of it is still in use: at V8's own 16 MiB a store that is
 * being filled or read through stops for 30 ms and more. At 1 MiB, collections are so frequent that requests under way
 * outlive them.
 *
 * Literals that outlived a collection now and then V8 allocates outside the young generation from then on. Of what belongs
 * to one request that is never right: whatever such a literal leads to stays with it until the old generation is full.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'

/** Bytes the young generation takes at most: two halves of 4 MiB. */
const YOUNG = 8 * 2 ** 20

/**
 * For the whole process, from now on. `flags`: what Node was started with. To be called before anything is loaded; what it
 * returns is to be called when everything is: loading, one long turn of the event loop, would make the young generation
 * grow as far as V8 lets it, and until then it stays as small as it began.
 */
export function keepHeap (flags: string): () => void {
  setFlagsFromString('--no-allocation-site-pretenuring')
  if (/semi.space/.test(flags)) return () => undefined
  growBy(1)
  return () => { new PerformanceObserver(() => { growBy(young() < YOUNG ? 2 : 1) }).observe({ entryTypes: ['gc'] }) }
}

/** Its greatest size is fixed as V8 starts: what can be said later is by what factor it is to grow when it has become too small. */
function growBy (factor: 1 | 2): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}

/** What Node was started with, as `keepHeap` wants it. */
export function nodeFlags ({ execArgv, env }: Pick<NodeJS.Process, 'execArgv' | 'env'>): string {
  return [...execArgv, env['NODE_OPTIONS'] ?? ''].join(' ')
}

function young (): number {
  return getHeapSpaceStatistics().find(space => space.space_name === 'new_space')!.space_size
}
