/** Starts servers on their core, waits until they listen, and ends all of them however the run ends. */
import { execFile, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { pinned } from './machine.mjs'

const PATIENCE = 30_000
const running = new Set()
const run = promisify(execFile)

/** Each is the leader of its own process group. */
export async function start ({ name, core, command, args, port, output }) {
  const file = openSync(output, 'w')
  const [program, programArgs] = pinned(core, command, args)
  const child = spawn(program, programArgs, {
    stdio: ['ignore', file, file], detached: true, env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  })
  closeSync(file)
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.once('error', () => running.delete(child))
  for (const end = Date.now() + PATIENCE; !await answers(port);) {
    if (!running.has(child) || Date.now() > end) throw new Error(`${name} does not listen:\n${readFileSync(output, 'utf8').slice(-2000)}`)
    await sleep(50)
  }
  return child.pid
}

/** What a command prints that ends by itself, on the core the servers do not have. */
export async function printed (command, args) {
  const { stdout } = await run(...pinned(1, command, args), { maxBuffer: 2 ** 26 })
  return stdout
}

/** What it reports of it, as JSON in a line of its own. */
export async function reported (command, args) {
  const stdout = await printed(command, args)
  const result = /^RESULT (.*)$/m.exec(stdout)
  if (result === null) throw new Error(`${command} said nothing of what it measured:\n${stdout}`)
  return JSON.parse(result[1])
}

/** A port nobody uses now. */
export async function freePort () {
  const server = createServer()
  await new Promise(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address()
  await new Promise(resolve => { server.close(resolve) })
  return port
}

function answers (port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const settle = up => {
      socket.destroy()
      resolve(up)
    }
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
  })
}

/** Resolves when all are gone. */
export async function stopAll () {
  const gone = [...running].map(child => new Promise(resolve => { child.once('exit', resolve) }))
  kill('SIGTERM')
  const deadline = setTimeout(() => kill('SIGKILL'), 3000)
  await Promise.all(gone)
  clearTimeout(deadline)
}

function kill (signal) {
  for (const { pid } of running) {
    try {
      process.kill(-pid, signal)
    } catch (error) {
      if (error.code !== 'ESRCH') throw error
    }
  }
}

process.on('exit', () => kill('SIGKILL'))
