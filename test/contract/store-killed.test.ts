/**
 * A process that is killed while it stores leaves entries that are whole, or none: a value is one command, which Redis
 * carries out once it has all of it, or never.
 */
import { expect, it } from 'vitest'
import { keyOf, text } from '../support/records.js'
import { startProgram } from '../support/program.js'
import { describeWithRedis, startRedis } from '../support/redis.js'
import { joinRedis } from '../support/shared-redis.js'

const WRITER = new URL('../support/store-writer.mjs', import.meta.url).pathname
/** Many times what a socket takes at once, so that most kills fall into the middle of a command. */
const SIZE = 500_000
/** One for each process that is started and killed. */
const ROUNDS = 5

describeWithRedis('a writer that is killed', () => {
  it('leaves what is whole, or nothing', async () => {
    const redis = await startRedis()
    const { store, counters } = await joinRedis(redis, { maxObject: SIZE })
    let whole = 0
    for (let round = 0; round < ROUNDS; round++) {
      // killed as soon as it has begun to store this one: the first, or one that is to replace another
      const writer = await startProgram(process.execPath, [WRITER, redis.url, String(SIZE)], { ready: new RegExp(`^${round}$`, 'm') })
      expect(await writer.stop('SIGKILL')).toBe('SIGKILL')
      for (let i = 0; i < 4; i++) {
        const found = await store.get(keyOf(String(i)))
        if (found === undefined) continue
        if (found.kind !== 'entry') throw new Error(found.kind)
        whole++
        const number = Number(/x-number: (\d+)/.exec(text([found.head]))![1])
        expect(number % 4).toBe(i)
        expect(found.length).toBe(SIZE)
        expect(Buffer.alloc(SIZE, number % 256).equals(Buffer.concat(found.body))).toBe(true)
      }
      redis.cli('FLUSHALL')
    }
    expect(whole).toBeGreaterThan(0)
    expect(counters.undecodable).toBe(0)
  }, 60_000)
})
