/** What the kernel says of processes, and where they run. Linux only: /proc and taskset. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'

/** Of /proc/PID/stat; the same on every Linux Node runs on. */
const TICKS = 100

/** Whether `command` can be run here. */
export function installed (command) {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` } })
    return true
  } catch {
    return false
  }
}

const pins = installed('taskset') && availableParallelism() > 1
if (!pins) console.log('No two cores, or no taskset: nothing is pinned, and figures include what disturbs them.')

/** The command line that runs `command` on one core: 0 is the server's, 1 everything else's. */
export function pinned (core, command, args) {
  return pins ? ['taskset', ['-c', String(core), command, ...args]] : [command, args]
}

/** Keeps the main thread of a process that runs already on one core; V8's own threads beside it run where they like. */
export function pin (core, pid) {
  if (pins) execFileSync('taskset', ['-cp', String(core), String(pid)], { stdio: 'ignore' })
}

/** A process and its descendants; those that end meanwhile are left out. */
function family (pid) {
  try {
    const children = readdirSync(`/proc/${pid}/task`)
      .flatMap(task => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean))
    return [pid, ...children.flatMap(child => family(Number(child)))]
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH') throw error
    return []
  }
}

/** CPU time of a process and its descendants so far, in µs, to 10 ms. */
export function cpu (pid) {
  let ticks = 0
  for (const member of family(pid)) {
    const fields = readFileSync(`/proc/${member}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks / TICKS * 1e6
}

/** Resident memory of a process and its descendants, in MiB. */
export function resident (pid) {
  let pages = 0
  for (const member of family(pid)) pages += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${member}/status`, 'utf8'))?.[1] ?? 0)
  return pages / 1024
}
