#!/usr/bin/env node
import { keepHeap, nodeFlags } from '../src/app/heap.js'

const loaded = keepHeap(nodeFlags(process))
const [{ processIo }, { main }] = await Promise.all([import('../src/cli/io.js'), import('../src/cli/main.js')])
loaded()

process.exitCode = await main(process.argv.slice(2), processIo)
// everything is done and closed; a pipe that nobody reads would keep the process
setTimeout(() => process.exit(), 1_000).unref()
