/**
 * What a worker is given as it begins.
 *
 * Invariant: a configuration counts from the start of the program: who takes another's place serves as that one did, where
 * and under the name that one did, whatever the file says by now and whoever chose the port.
 */
import { randomBytes } from 'node:crypto'
import type { Settings } from '../config/settings.js'
import type { Channel } from '../workers/channel.js'

export interface Handout {
  readonly settings: Settings
  /** As `Parts` has it. */
  readonly id: string
  /** Where it must find itself to listen; undefined: nobody has listened yet. */
  readonly port: number | undefined
}

/** What tells one proxy from another, its workers together being one. */
export function newInstance (): string {
  return randomBytes(6).toString('hex')
}

export class Handouts {
  private readonly id = newInstance()
  private settings: Settings
  private port: number | undefined

  constructor (settings: Settings) {
    this.settings = settings
  }

  /** Where they listen; the system may have chosen the port. */
  listening (port: number): void {
    this.port = port
  }

  /** For one that begins while `accepting` others listen, whose socket it shares only if it asks for the same port. */
  next (accepting: number): Handout {
    const { port } = this
    // the choice is forgotten with the last who listened
    if (accepting === 0 && port !== undefined) this.settings = { ...this.settings, listen: { ...this.settings.listen, port } }
    return { settings: this.settings, id: this.id, port }
  }
}

/** As a worker gets it: on their way the origins became an object that has more names than the configuration gave. */
export async function receive (channel: Pick<Channel, 'ask'>): Promise<Handout> {
  const { settings, ...rest } = await channel.ask<Handout>('begin')
  return { ...rest, settings: { ...settings, origins: Object.assign(Object.create(null) as object, settings.origins) } }
}
