import Foundation

/// The keys of the terminal that is standard input, one by one, not line by line and not shown as they are typed.
///
/// Ctrl-C and Ctrl-Z keep what they do: before the process ends or stops, the terminal becomes as it was, and when it
/// goes on after that, keys come one by one again.
package final class Keyboard {
    /// What happened.
    package enum Event: Equatable {
        /// What ``Walk/answer(_:)`` takes.
        case answer(String?)
        /// What to show in place of the prompt while a line is typed; nil for the prompt.
        case typing(String?)
        /// The terminal has another size, or shows something else.
        case changed
    }

    private let settings: TerminalSettings
    private var parser = KeyParser()
    private var composer = LineComposer()
    private var keys: [Key] = []
    /// Where signals are told of, to be waited for together with keys.
    private let wake: (reading: Int32, writing: Int32)

    /// Nil if standard input is no terminal.
    package init?() {
        guard let settings = TerminalSettings(of: STDIN_FILENO), let wake = privatePipe() else { return nil }
        self.settings = settings
        self.wake = wake
        // Signals are the process's, and so is what their handlers know.
        wakingDescriptor = wake.writing
        (plainSettings, keySettings) = (settings.before, settings.keys)
        signal(SIGWINCH) { _ in tellOfSignal() }
        signal(SIGTSTP, stopped)
        settings.takeKeys()
        Interruption.shared.atEnd { settings.restore() }
    }

    deinit {
        signal(SIGWINCH, SIG_DFL)
        signal(SIGTSTP, SIG_DFL)
        wakingDescriptor = -1
        settings.restore()
        Interruption.shared.atEnd(nil)
        close(wake.reading)
        close(wake.writing)
    }

    /// Forgets the keys that were pressed while nothing could be seen of what they would do.
    package func forgetKeys() {
        tcflush(STDIN_FILENO, TCIFLUSH)
        keys = []
    }

    /// Waits for the next event.
    package func next() -> Event {
        while true {
            while !keys.isEmpty {
                switch composer.take(keys.removeFirst()) {
                case .nothing: break
                case .typing(let text): return .typing(text)
                case .answer(let text): return .answer(text)
                case .redraw: return .changed
                }
            }
            var waiting = [
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake.reading, events: Int16(POLLIN), revents: 0),
            ]
            // What follows an Escape within a key comes with it.
            let count = poll(&waiting, 2, parser.isWaiting ? 50 : -1)
            if count == 0 { keys += parser.flush() }
            guard count > 0 else { continue }
            var buffer = [UInt8](repeating: 0, count: 256)
            if waiting[1].revents != 0 {
                _ = read(wake.reading, &buffer, buffer.count)
                return .changed
            }
            let length = read(STDIN_FILENO, &buffer, buffer.count)
            if length < 0 && errno == EINTR { continue }
            guard length > 0 else { return .answer(nil) }
            keys += parser.keys(adding: buffer[..<length])
        }
    }
}

/// How a terminal was set before, and how it is set to give keys one by one.
private struct TerminalSettings: Sendable {
    let descriptor: Int32
    let before: termios
    let keys: termios

    init?(of descriptor: Int32) {
        var before = termios()
        guard isatty(descriptor) == 1, tcgetattr(descriptor, &before) == 0 else { return nil }
        self.descriptor = descriptor
        self.before = before
        var keys = before
        keys.c_lflag &= ~tcflag_t(ICANON | ECHO)
        withUnsafeMutableBytes(of: &keys.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
        self.keys = keys
    }

    /// Keys come one by one and are not shown.
    func takeKeys() {
        var settings = keys
        tcsetattr(descriptor, TCSADRAIN, &settings)
    }

    /// As it was.
    func restore() {
        var settings = before
        tcsetattr(descriptor, TCSADRAIN, &settings)
    }
}

// MARK: What handlers of signals do: only what POSIX allows within one.

nonisolated(unsafe) private var wakingDescriptor: Int32 = -1
nonisolated(unsafe) private var plainSettings = termios()
nonisolated(unsafe) private var keySettings = termios()

private func tellOfSignal() {
    let error = errno
    var byte: UInt8 = 0
    _ = write(wakingDescriptor, &byte, 1)
    errno = error
}

/// Ctrl-Z: the terminal becomes as it was, and the process stops as it would without this; when it goes on, keys come
/// one by one again, and what is shown is drawn anew.
private func stopped(_ number: Int32) {
    tcsetattr(STDIN_FILENO, TCSANOW, &plainSettings)
    signal(SIGTSTP, SIG_DFL)
    raise(SIGTSTP)
    // The signal waits until its handler lets it through.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTSTP)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    signal(SIGTSTP, stopped)
    tcsetattr(STDIN_FILENO, TCSANOW, &keySettings)
    tellOfSignal()
}
