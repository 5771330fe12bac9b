import { expect, it } from 'vitest'
import { inCrowd, TurnEnd } from '../../src/server/together.js'
import { turn } from '../../src/server/turn.js'

const never = (_: unknown, thrown: unknown): void => { throw thrown }

function together (run: () => void, failed: (_: unknown, thrown: unknown) => void): void {
  new TurnEnd<undefined, undefined>(run, failed).leave(undefined, undefined)
}

it('runs at the end of the turn what was left until then, in order, with nothing between', async () => {
  const seen: string[] = []
  together(() => {
    seen.push('a')
    queueMicrotask(() => { seen.push('afterwards') })
  }, never)
  together(() => { seen.push('b') }, never)
  await Promise.resolve()
  expect(seen).toEqual([])
  await turn()
  expect(seen).toEqual(['a', 'b', 'afterwards'])
})

it('leaves to the next turn what comes of it', async () => {
  const seen: string[] = []
  together(() => { together(() => { seen.push('next') }, never) }, never)
  setImmediate(() => { seen.push('this') })
  await turn()
  await turn()
  expect(seen).toEqual(['this', 'next'])
})

it('lets no failure keep the others from their turn', async () => {
  const seen: unknown[] = []
  together(() => { throw new Error('x') }, (_, thrown) => { seen.push((thrown as Error).message) })
  together(() => { seen.push('b') }, never)
  await turn()
  expect(seen).toEqual(['x', 'b'])
})

it('leaves to the end of a turn what comes after one that brought many', async () => {
  const brings = async (count: number): Promise<boolean[]> => {
    const said = Array.from({ length: count }, () => inCrowd())
    await turn()
    await turn()
    return said
  }
  expect(await brings(12)).not.toContain(true)
  expect(await brings(1)).toEqual([true])
  expect(await brings(11)).not.toContain(true)
  expect(await brings(1)).toEqual([false])
})
