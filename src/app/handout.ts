/**
 * What a worker is given as it begins.
 *
 * Invariant: a configuration counts from the start of the program: who takes another's place serves as that one did,
 * whatever the file says by now.
 */
import type { Settings } from '../config/settings.js'
import type { Channel } from '../workers/channel.js'

export interface Handout { readonly settings: Settings }

/** As a worker gets it: on their way the origins became an object that has more names than the configuration gave. */
export async function receive (channel: Channel): Promise<Handout> {
  const { settings, ...rest } = await channel.ask<Handout>('begin')
  return { ...rest, settings: { ...settings, origins: Object.assign(Object.create(null) as object, settings.origins) } }
}
