/** How each server is started as a cache on one core in front of the origin, with or without its access log. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort, start } from './processes.mjs'
import { installed } from './machine.mjs'

/** What a peer needs to be installed, and its Debian package. */
const PEERS = {
  nginx: { needs: ['nginx'], launch: nginx },
  varnish: { needs: ['varnishd', 'varnishncsa'], launch: varnish },
  haproxy: { needs: ['haproxy'], launch: haproxy }
}

/** `name`s that cannot be started here are named and left out. */
export function available (names) {
  return names.filter(name => {
    const peer = PEERS[name]
    if (peer === undefined) throw new RangeError(`There is no peer "${name}"; there are ${Object.keys(PEERS).join(', ')}`)
    const missing = peer.needs.find(command => !installed(command))
    if (missing !== undefined) console.log(`${name} is left out: ${missing} is not installed (apt-get install ${name})`)
    return missing === undefined
  })
}

export async function startPeer (name, origin, folder, log) {
  return launched(name, folder, (port, own) => PEERS[name].launch(port, origin, own, log))
}

/** `build`: the folder of a checkout that has been built. */
export async function startSeawall (name, build, origin, folder, log, flags = []) {
  const admin = await freePort()
  return launched(name, folder, port => [process.execPath, [
    resolve(build, 'dist/bin/seawall.js'), 'start', '--origin', `http://127.0.0.1:${origin}`, '--listen', `127.0.0.1:${port}`,
    '--admin', `127.0.0.1:${admin}`, '--access-log', log ? 'on' : 'off', '--log-level', 'error', ...flags
  ]])
}

async function launched (name, folder, launch) {
  const port = await freePort()
  const own = join(folder, name)
  mkdirSync(own)
  chmodSync(own, 0o777)
  const [command, args] = launch(port, own)
  return { name, port, pid: await start({ name, core: 0, command, args, port, output: join(own, 'output') }) }
}

function nginx (port, origin, folder, log) {
  writeFileSync(join(folder, 'nginx.conf'), `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 16384; }
http {
  access_log ${log ? `${folder}/access.log combined` : 'off'}; keepalive_requests 1000000000; tcp_nodelay on; sendfile on;
  open_file_cache max=20000;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=c:256m max_size=4g inactive=600m; proxy_temp_path ${folder}/tmp;
  upstream o { server 127.0.0.1:${origin}; keepalive 256; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://o; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_cache c; proxy_cache_revalidate on;
      proxy_cache_lock on; proxy_cache_use_stale updating; proxy_cache_background_update on;
    }
  }
}
`)
  return ['nginx', ['-c', join(folder, 'nginx.conf')]]
}

function varnish (port, origin, folder, log) {
  writeFileSync(join(folder, 'v.vcl'), `vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "${origin}"; .max_connections = 1000; }
`)
  const daemon = `varnishd -F -j none -a 127.0.0.1:${port} -f ${folder}/v.vcl -s malloc,4g -n ${folder}/n -T none ` +
    '-p default_ttl=0 -p default_grace=0 -p default_keep=3600 -p thread_pools=1 -p thread_pool_min=100 -p thread_pool_max=4000'
  // Its access log is a program of its own, whose time counts: both are children of one shell.
  const logger = `until varnishncsa -n ${folder}/n -w ${folder}/access.log; do sleep 0.1; done`
  return log ? ['sh', ['-c', `${daemon} & ${logger} & wait`]] : ['sh', ['-c', `exec ${daemon}`]]
}

function haproxy (port, origin, folder, log) {
  writeFileSync(join(folder, 'h.cfg'), `global
  nbthread 1
  maxconn 9000
  tune.bufsize 65536
${log ? '  log stdout format raw local0\n' : ''}defaults
  mode http
${log ? '  log global\n  option httplog\n' : ''}  timeout connect 5s
  timeout client 60s
  timeout server 60s
cache c
  total-max-size 1024
  max-object-size 60000
  max-age 3600
  process-vary on
  max-secondary-entries 12
frontend f
  bind 127.0.0.1:${port}
  filter cache c
  http-request cache-use c
  http-response cache-store c
  default_backend b
backend b
  server s 127.0.0.1:${origin}
`)
  return ['haproxy', ['-f', join(folder, 'h.cfg')]]
}
