/** What workers are given as they begin. */
import { expect, it } from 'vitest'
import { Handouts, receive } from '../../src/app/handout.js'
import { settingsOf } from '../support/proxy.js'

const settings = settingsOf({ origins: { api: { url: 'http://127.0.0.1:1' } } })

it('one that begins asks for the port the others asked for while any listens, and for the one they had once none does', () => {
  const handouts = new Handouts(settings)
  const asked = (accepting: number): [number, number | undefined] => {
    const { settings: { listen }, port } = handouts.next(accepting)
    return [listen.port, port]
  }
  expect(asked(0)).toEqual([0, undefined])
  handouts.listening(4711)
  expect(asked(1)).toEqual([0, 4711])
  expect(asked(0)).toEqual([4711, 4711])
  expect(asked(1)).toEqual([4711, 4711])
})

it('a worker has the very settings, in which an origin has no name that the configuration did not give', async () => {
  const channel = { ask: async () => structuredClone(new Handouts(settings).next(0)) as never }
  const received = await receive(channel)
  expect(received.settings).toEqual(settings)
  expect('constructor' in received.settings.origins).toBe(false)
})
