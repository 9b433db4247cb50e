// Join a document as a real Yjs client and print its nodes as JSON: proof that the server took what the generator wrote.
// Usage: node state.mjs URL [DOCUMENT]; with DOCUMENT the messages carry its name, as Hocuspocus wants it.
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import WebSocket from 'ws'
import * as sync from 'y-protocols/sync'
import * as Y from 'yjs'

const [url, name] = process.argv.slice(2)
const doc = new Y.Doc()
const socket = new WebSocket(url, { perMessageDeflate: false })
socket.binaryType = 'arraybuffer'

const message = (...kinds) => {
  const encoder = encoding.createEncoder()
  if (name) encoding.writeVarString(encoder, name)
  kinds.forEach(kind => encoding.writeVarUint(encoder, kind))
  return encoder
}

socket.on('open', () => {
  if (name) {
    const hello = message(2, 0)
    encoding.writeVarString(hello, 'token')
    socket.send(encoding.toUint8Array(hello))
  }
  const ask = message(0)
  sync.writeSyncStep1(ask, doc)
  socket.send(encoding.toUint8Array(ask))
})

socket.on('message', payload => {
  const decoder = decoding.createDecoder(new Uint8Array(payload))
  if (name) decoding.readVarString(decoder)
  if (decoding.readVarUint(decoder) !== 0) return
  const kind = sync.readSyncMessage(decoder, encoding.createEncoder(), doc, null)
  if (kind === sync.messageYjsSyncStep2) {
    process.stdout.write(JSON.stringify(doc.getMap('nodes').toJSON()), () => process.exit(0))
  }
})
setTimeout(() => process.exit(1), 20_000)
