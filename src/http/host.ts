/** The one authority a request may name (RFC 9110 §7.2, RFC 3986 §3.2.2). */
import { isIPv6 } from 'node:net'

// reg-name of unreserved characters only: sub-delims and percent-escapes are legal there and in nobody's name.
const NAME = /^([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::([1-9][0-9]{0,4}))?$/
/** The longest name DNS knows, and a port. */
const LONGEST = 261

/** Whether `value` is a host name, an IPv4 address or a bracketed IPv6 address, with a port of 1 to 65535 or none. */
export function isHost (value: string): boolean {
  if (value.length > LONGEST) return false
  const parts = NAME.exec(value)
  if (parts === null) return false
  const host = parts[1]!
  const port = parts[2]
  if (port !== undefined && Number(port) > 65535) return false
  return !host.startsWith('[') || isIPv6(host.slice(1, -1))
}
