/** Questions between processes. */
import { expect, it } from 'vitest'
import { Channel, type Port } from '../../src/workers/channel.js'
import { manualClock } from '../support/clock.js'

function pair (): { readonly clock: ReturnType<typeof manualClock>, readonly asking: Channel, readonly asked: Channel } {
  const clock = manualClock()
  const takes: ((message: unknown) => void)[] = []
  const port = (self: number): Port => ({
    send: message => { queueMicrotask(() => { takes[1 - self]!(message) }) },
    onMessage: take => { takes[self] = take }
  })
  return { clock, asking: new Channel(port(0), clock), asked: new Channel(port(1), clock) }
}

it('a question is answered, or fails as the other side did', async () => {
  const { asking, asked } = pair()
  asked.on<number>('double', n => 2 * n)
  asked.on('fail', () => { throw new Error('no') })
  expect(await asking.ask('double', 2, 1_000)).toBe(4)
  await expect(asking.ask('fail')).rejects.toThrow('no')
  await expect(asking.ask('what')).rejects.toThrow('nobody answers what')
})

it('a question waits no longer than told, and is forgotten then', async () => {
  const { clock, asking, asked } = pair()
  let answer!: (body: string) => void
  asked.on('slow', () => new Promise(resolve => { answer = resolve }))
  const late = asking.ask('slow', undefined, 1_000)
  const patient = asking.ask('slow')
  await Promise.resolve()
  clock.advance(999)
  expect(asking['waiting'].size).toBe(2)
  clock.advance(1)
  await expect(late).rejects.toThrow('no answer to slow in 1000 ms')
  expect(asking['waiting'].size).toBe(1)
  answer('there')
  expect(await patient).toBe('there')
})
