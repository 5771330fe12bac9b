/** Looks up the name of one address, anew for each connection, and remembers where it led last. */
import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'

export class Names {
  private readonly ask: LookupFunction
  private latest: ReadonlySet<string> | undefined

  constructor (ask: LookupFunction = systemLookup as LookupFunction) {
    this.ask = ask
  }

  /** As sockets want it. */
  readonly lookup: LookupFunction = (name, options, done) => {
    this.ask(name, { ...options, all: true }, (error, found) => {
      const addresses = found as LookupAddress[]
      if (error !== null) return done(error, options.all === true ? [] : '')
      this.latest = new Set(addresses.map(each => each.address))
      if (options.all === true) done(null, addresses)
      else done(null, addresses[0]!.address, addresses[0]!.family)
    })
  }

  /** Whether the name, as it was looked up last, still leads to this address. */
  leadTo (address: string | undefined): boolean {
    return address === undefined || this.latest === undefined || this.latest.has(address)
  }
}
