package turn

// connected takes a connection that carries the call from now on. One that comes
// while another is up takes over: it hears what the other did not. An older one
// can't.
func (m *machine) connected(ev ConnectionUp) {
	if m.line.up && ev.Conn < m.line.conn {
		return
	}
	if m.line.up {
		m.leave()
		m.followVoice()
	}
	l := &m.line
	l.conn, l.up, l.typing = ev.Conn, true, ev.Typing
	if l.known {
		away := m.now - l.down
		l.gone += away
		m.do(NoteBack{Conn: ev.Conn, Away: away})
	}
	l.known = true
	if m.begun && !l.paused {
		m.goOn()
	}
}

// leave takes the loss of the connection: what was being said has ended.
func (m *machine) leave() {
	m.line.up, m.line.down = false, m.now
	m.do(NoteGone{Conn: m.line.conn})
	m.breakOff()
}

// breakOff ends speech that nobody hears any more; its final still counts.
func (m *machine) breakOff() {
	if m.ears.speaking {
		m.silence(m.now)
	}
}

// goOn takes up the conversation where it was: a reply that was frozen goes on,
// and the candidate has a fresh pause before a turn is answered.
func (m *machine) goOn() {
	m.line.fresh, m.quiet = m.now, m.now
	m.ears.partial = ""
	if m.overlap.on {
		m.releaseOverlap()
	}
	m.reply.from = m.now
	if m.closeBy > 0 {
		m.closeBy = max(m.closeBy, m.now+m.rules.Overtime) // the goodbye has yet to be said
	}
}

func (m *machine) pause() {
	if m.line.paused || !m.line.up || !m.begun {
		return
	}
	m.line.paused, m.line.since = true, m.now
	m.do(NotePaused{Paused: true})
	m.breakOff()
}

func (m *machine) resume() {
	if !m.line.paused {
		return
	}
	m.line.paused = false
	m.do(NotePaused{Paused: false})
	if m.line.up {
		m.goOn()
	}
}
