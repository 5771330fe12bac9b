/**
 * How the program has V8 keep its heap, by flags that can be set while it runs. What the command line says itself stands.
 *
 * A collection of the young generation takes as long as what of it is still in use: at V8's own 16 MiB a store that is
 * being filled or read through stops for 30 ms and more. At 1 MiB, where V8 goes back to after some idle seconds, collections
 * are so frequent that requests under way outlive them, and that the slowest hundredth of clients waits for one.
 *
 * What belongs to requests is dead when it is collected. V8 wakes its helpers all the same, and waits for them: a third of
 * the time of such a collection, and helpers are threads that others want to run on.
 *
 * Literals that outlived a collection now and then V8 allocates outside the young generation from then on. Of what belongs
 * to one request that is never right: whatever such a literal leads to stays with it until the old generation is full.
 */
import { constants, PerformanceObserver, type NodeGCPerformanceDetail, type PerformanceEntry } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import type { Ms } from '../core/types.js'

/** Bytes the young generation takes where there is something to do: two halves of 4 MiB. */
const YOUNG = 8 * 2 ** 20
/** How often it is seen whether it still does. To be told of every collection would cost as much as collecting. */
const LOOK: Ms = 1_000
/** As a string it is as much of the young generation. */
const PIECE = Buffer.alloc(64 * 1024)

/**
 * For the whole process, from now on. `flags`: what Node was started with. To be called before anything is loaded; what it
 * returns is to be called when everything is: loading, one long turn of the event loop, would make the young generation
 * grow as far as V8 lets it, and until then it stays as small as it began.
 */
export function keepHeap (flags: string): () => void {
  setFlagsFromString('--no-allocation-site-pretenuring')
  if (!/parallel.scavenge/.test(flags)) setFlagsFromString('--no-parallel-scavenge')
  if (/semi.space/.test(flags)) return () => undefined
  growBy(1)
  return look
}

/** What Node was started with, as `keepHeap` wants it. */
export function nodeFlags ({ execArgv, env }: Pick<NodeJS.Process, 'execArgv' | 'env'>): string {
  return [...execArgv, env['NODE_OPTIONS'] ?? ''].join(' ')
}

/** Where the young generation is small, it grows as soon as it has been full. */
function look (): void {
  if (young() >= YOUNG) return later()
  const observer = new PerformanceObserver(list => {
    if (!list.getEntries().some(isYoung)) return
    observer.disconnect()
    grow()
    later()
  })
  observer.observe({ entryTypes: ['gc'] })
}

function later (): void {
  setTimeout(look, LOOK).unref()
}

/** Whether it was of the young generation: of the old there is one when nothing happens, too. */
function isYoung (collection: PerformanceEntry): boolean {
  const { kind } = (collection as PerformanceEntry & { readonly detail: NodeGCPerformanceDetail }).detail
  return kind === constants.NODE_PERFORMANCE_GC_MINOR
}

/**
 * V8 lets it grow when as much as it holds has outlived collections, which what belongs to requests never does. What is made
 * for it outlives one and no more, or it would be carried into the old generation.
 */
function grow (): void {
  const size = young()
  const eighth = size / 8 / PIECE.byteLength
  const living: unknown[] = []
  growBy(Math.ceil(YOUNG / size))
  for (let i = 0; young() === size && i < 64 * eighth; i++) living[i % eighth] = PIECE.toString('latin1')
  growBy(1)
}

/** Its greatest size is fixed as V8 starts: what can be said later is by what factor it is to grow when it has become too small. */
function growBy (factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}

function young (): number {
  return getHeapSpaceStatistics().find(space => space.space_name === 'new_space')!.space_size
}
