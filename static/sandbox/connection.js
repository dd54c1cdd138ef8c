/**
 * The websocket to the simulated Discord: comes back when it breaks, matches answers to actions.
 * Knows nothing of the page, nor of what the frames mean.
 */

const FIRST_DELAY = 300
const LAST_DELAY = 5000
// Close codes of gateway/sandbox/relay.py.
const NOT_RUNNING = 4503

/** Why an action was not done: a sentence for a person. */
export class Refused extends Error {}

export class Connection {
  #socket = null
  #delay = FIRST_DELAY
  #waiting = new Map()
  #nonce = 0
  #onFrame
  #onState

  /** onFrame(frame) for each frame that is no answer; onState('open' | 'lost' | 'not running'). */
  constructor({ onFrame, onState }) {
    this.#onFrame = onFrame
    this.#onState = onState
  }

  open() {
    const address = new URL('socket', location.href)
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(address)
    this.#socket = socket
    socket.addEventListener('message', (event) => this.#take(JSON.parse(event.data)))
    socket.addEventListener('close', (event) => this.#closed(event.code))
  }

  /** Sends {do: …}. Resolves with the answer; rejects with Refused. */
  act(action) {
    return new Promise((resolve, reject) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) {
        reject(new Refused('There is no connection right now. Try again in a moment.'))
        return
      }
      const nonce = ++this.#nonce
      this.#waiting.set(nonce, { resolve, reject })
      this.#socket.send(JSON.stringify({ ...action, nonce }))
    })
  }

  #take(frame) {
    const waiting = this.#waiting.get(frame.nonce)
    if (waiting) {
      this.#waiting.delete(frame.nonce)
      if (frame.type === 'done') waiting.resolve(frame)
      else waiting.reject(new Refused(frame.message))
      return
    }
    if (frame.type === 'state') {
      this.#delay = FIRST_DELAY
      this.#onState('open')
    }
    this.#onFrame(frame)
  }

  #closed(code) {
    for (const { reject } of this.#waiting.values()) {
      reject(new Refused('The connection was lost before this was done.'))
    }
    this.#waiting.clear()
    this.#onState(code === NOT_RUNNING ? 'not running' : 'lost')
    setTimeout(() => this.open(), this.#delay)
    this.#delay = Math.min(this.#delay * 2, LAST_DELAY)
  }
}
