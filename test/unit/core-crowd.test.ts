/** A crowd holds who was added and not taken off, whatever the order. */
import { describe, expect, it } from 'vitest'
import { Crowd, NOWHERE } from '../../src/core/crowd.js'
import { chance } from '../support/chance.js'

interface Guest { readonly name: number, place: number }
const guest = (name: number): Guest => ({ name, place: NOWHERE })

describe('a crowd', () => {
  it('holds what a Set would, through ten thousand changes', () => {
    const random = chance(7)
    const guests = Array.from({ length: 40 }, (_, name) => guest(name))
    const crowd = new Crowd<Guest>()
    const set = new Set<Guest>()
    for (let i = 0; i < 10_000; i++) {
      const one = guests[random(guests.length)]!
      if (set.has(one)) expect(crowd.delete(one)).toBe(set.delete(one))
      else {
        crowd.add(one)
        set.add(one)
      }
      expect(crowd.size).toBe(set.size)
    }
    expect(new Set(crowd.members())).toEqual(set)
    for (const one of guests) expect(crowd.has(one)).toBe(set.has(one))
  })

  it('takes nobody off who is not in it', () => {
    const crowd = new Crowd<Guest>()
    const [on, off] = [guest(1), guest(2)]
    crowd.add(on)
    expect(crowd.delete(off)).toBe(false)
    off.place = 0
    expect(crowd.delete(off)).toBe(false)
    expect(crowd.delete(on)).toBe(true)
    expect(crowd.delete(on)).toBe(false)
  })

  it('lists a copy', () => {
    const crowd = new Crowd<Guest>()
    crowd.add(guest(1))
    for (const one of crowd.members()) crowd.delete(one)
    expect(crowd.size).toBe(0)
  })
})
